/** From buckets to the columns that the chart draws. What was not observed becomes a gap, never a line across it. */

import uPlot from 'uplot';

import type { Bucket } from '../../api/gen/Bucket';

/** One line of a chart with its buckets in order of time. */
export interface Line {
  /** What tells it apart from the other lines of its chart. */
  key: string;
  label: string;
  buckets: readonly Bucket[];
}

/** The time in milliseconds, then average, largest and smallest of every line. */
export type Columns = uPlot.AlignedData;

/** How many columns a line has. */
export const COLUMNS_PER_LINE = 3;

/** Two buckets further apart than this many times their usual distance have a gap between them. */
const GAP_FACTOR = 2.5;

/** The usual distance of buckets in milliseconds; families that are read seldom have a longer one than the server's interval. */
function usualDistance(buckets: readonly Bucket[]): number {
  const distances = buckets
    .slice(1)
    .map(({ start }, index) => start - (buckets[index]?.start ?? start))
    .sort((a, b) => a - b);
  return distances[Math.floor(distances.length / 2)] ?? 0;
}

type Column = (number | null)[];

function table({ buckets }: Line, shortest: number, newest: number): [number[], Column, Column, Column] {
  const times: number[] = [];
  const columns: [Column, Column, Column] = [[], [], []];
  const push = (time: number, values: [number | null, number | null, number | null]) => {
    times.push(time);
    columns.forEach((column, index) => column.push(values[index] ?? null));
  };
  const gap = Math.max(shortest, GAP_FACTOR * usualDistance(buckets));
  let before: Bucket | undefined;
  for (const bucket of buckets) {
    if (before && bucket.start - before.start > gap) push((before.start + bucket.start) / 2, [null, null, null]);
    push(bucket.start, [bucket.avg, bucket.max, bucket.min]);
    before = bucket;
  }
  // A line that ended says nothing about now.
  if (before && newest - before.start > gap) push(before.start + 1, [null, null, null]);
  return [times, ...columns];
}

/**
 * The columns of `lines`. A gap is drawn where the buckets of a line stand further apart than `shortestGap` milliseconds
 * and than they usually do.
 */
export function toColumns(lines: readonly Line[], shortestGap: number): Columns {
  if (lines.length === 0) return [[]];
  const newest = Math.max(...lines.map(({ buckets }) => buckets.at(-1)?.start ?? 0));
  return uPlot.join(lines.map((line) => table(line, shortestGap, newest) as Columns));
}

/** The places of `column` whose neighbours are gaps on both sides: a line would not show them. */
export function isolated(column: ArrayLike<number | null | undefined>): number[] {
  const places: number[] = [];
  let before: number | null = null;
  let candidate: number | null = null;
  for (let index = 0; index < column.length; index += 1) {
    const value = column[index];
    if (value === undefined) continue;
    if (value === null) {
      if (candidate !== null) places.push(candidate);
      candidate = null;
    } else {
      candidate = before === null ? index : null;
    }
    before = value;
  }
  if (candidate !== null) places.push(candidate);
  return places;
}

/** The value that `column` holds at `index`, or the last one before it where the time belongs to another line. */
export function valueAt(column: ArrayLike<number | null | undefined>, index: number): number | null {
  for (let place = index; place >= 0; place -= 1) {
    const value = column[place];
    if (value !== undefined) return value;
  }
  return null;
}
