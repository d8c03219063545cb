/**
 * The data of one chart: the history, and what arrived since. It stays outside React, is asked for once per range, and grows
 * by events alone.
 */

import type { Attributes } from '../../../api/gen/Attributes';
import type { Bucket } from '../../../api/gen/Bucket';
import type { Latest } from '../../../api/gen/Latest';
import type { Metric } from '../../../api/gen/Metric';
import type { SeriesHistory } from '../../../api/gen/SeriesHistory';
import type { UnixMillis } from '../../../api/gen/UnixMillis';
import { type Columns, toColumns } from '../../../components/charts/columns';
import type { ChartSource } from '../../../components/charts/TimeChart';
import type { ChartPart } from './specs';

/** More lines than this cannot be told apart in one chart. */
export const MOST_LINES = 8;

/** A gap is at least this many intervals without a value. */
const GAP_INTERVALS = 2.5;

interface FeedLine {
  key: string;
  label: string;
  buckets: Bucket[];
  part: ChartPart;
  /** The value observed last. Its bucket may hold older ones too. */
  newest?: { at: UnixMillis; value: number };
}

function keyOf(metric: Metric, attributes: Attributes): string {
  const named = Object.entries(attributes).sort(([a], [b]) => a.localeCompare(b));
  return JSON.stringify([metric, ...named]);
}

function peak({ buckets }: FeedLine): number {
  return buckets.reduce((most, { max }) => Math.max(most, max), 0);
}

function merged(bucket: Bucket, value: number): Bucket {
  const count = bucket.count + 1;
  return {
    start: bucket.start,
    min: Math.min(bucket.min, value),
    avg: bucket.avg + (value - bucket.avg) / count,
    max: Math.max(bucket.max, value),
    count,
  };
}

function observe(line: FeedLine, at: UnixMillis, value: number): void {
  if (!line.newest || at >= line.newest.at) line.newest = { at, value };
}

export interface FeedRange {
  /** How far back the chart reaches, in milliseconds. */
  span: number;
  /** The most buckets a line has. */
  maxPoints: number;
  /** The interval of the server in milliseconds. */
  interval: number;
}

export class ChartFeed implements ChartSource {
  #parts: readonly ChartPart[];
  #range: FeedRange;
  #clock: () => UnixMillis;
  #lines = new Map<string, FeedLine>();
  #names: readonly string[] = [];
  #columns: Columns = [[]];
  #newest: readonly (number | undefined)[] = [];
  #hidden = 0;
  #watchers = new Set<() => void>();

  constructor(parts: readonly ChartPart[], range: FeedRange, clock: () => UnixMillis = Date.now) {
    this.#parts = parts;
    this.#range = range;
    this.#clock = clock;
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  readonly names = (): readonly string[] => this.#names;

  readonly columns = (): Columns => this.#columns;

  readonly newest = (): readonly (number | undefined)[] => this.#newest;

  readonly window = (): [UnixMillis, UnixMillis] => {
    const now = this.#clock();
    return [now - this.#range.span, now];
  };

  /** How many lines there are beyond those that are drawn. */
  readonly left = (): number => this.#hidden;

  /** Puts the history below what arrived while it was being read. */
  load(histories: readonly (readonly SeriesHistory[])[]): void {
    const live = this.#lines;
    this.#lines = new Map();
    this.#parts.forEach((part, index) => {
      for (const { attributes, buckets } of histories[index] ?? []) {
        if (part.includes(attributes)) this.#line(part, attributes).buckets = [...buckets];
      }
    });
    for (const [key, line] of live) {
      const known = this.#lines.get(key);
      if (!known) this.#lines.set(key, line);
      else {
        const end = known.buckets.at(-1)?.start ?? Number.NEGATIVE_INFINITY;
        known.buckets.push(...line.buckets.filter(({ start }) => start > end));
        if (line.newest) known.newest = line.newest;
      }
    }
    this.#refresh();
  }

  /** Appends the values that belong here, each at the time at which its family was read. */
  append({ points }: Latest, readAt: (metric: Metric) => UnixMillis | undefined): void {
    let grew = false;
    for (const { metric, attributes, value } of points) {
      const part = this.#parts.find((candidate) => candidate.metric === metric);
      const at = readAt(metric);
      if (!part?.includes(attributes) || at === undefined) continue;
      grew = this.#add(this.#line(part, attributes), at, value) || grew;
    }
    if (grew) this.#refresh();
  }

  /** Names the newest values where the history holds them already, in buckets. */
  offer({ points }: Latest, readAt: (metric: Metric) => UnixMillis | undefined): void {
    for (const { metric, attributes, value } of points) {
      const line = this.#lines.get(keyOf(metric, attributes));
      const at = readAt(metric);
      if (line && at !== undefined) observe(line, at, value);
    }
    this.#refresh();
  }

  /** Draws again with the window of now, for time goes on where nothing is observed. */
  touch(): void {
    this.#tell();
  }

  #line(part: ChartPart, attributes: Attributes): FeedLine {
    const key = keyOf(part.metric, attributes);
    const line = this.#lines.get(key) ?? { key, label: part.label(attributes), buckets: [], part };
    this.#lines.set(key, line);
    return line;
  }

  #add(line: FeedLine, at: UnixMillis, value: number): boolean {
    observe(line, at, value);
    const last = line.buckets.at(-1);
    if (last && at <= last.start) return false;
    const width = this.#range.span / this.#range.maxPoints;
    if (last && at - last.start < width) line.buckets[line.buckets.length - 1] = merged(last, value);
    else line.buckets.push({ start: at, min: value, avg: value, max: value, count: 1 });
    return true;
  }

  #drawn(): FeedLine[] {
    const [from] = this.window();
    const lines = [...this.#lines.values()];
    for (const line of lines) line.buckets = line.buckets.filter(({ start }) => start >= from);
    const alive = lines.filter((line) => line.buckets.length > 0 && !(line.part.dropZero === true && peak(line) === 0));
    const wanted = new Set([...alive].sort((a, b) => peak(b) - peak(a)).slice(0, MOST_LINES));
    this.#hidden = alive.length - wanted.size;
    const rank = ({ part }: FeedLine) => this.#parts.indexOf(part);
    return alive.filter((line) => wanted.has(line)).sort((a, b) => rank(a) - rank(b) || a.label.localeCompare(b.label));
  }

  #refresh(): void {
    const lines = this.#drawn();
    const { span, maxPoints, interval } = this.#range;
    const names = lines.map(({ label }) => label);
    if (names.join('\n') !== this.#names.join('\n')) this.#names = names;
    this.#newest = lines.map(({ newest }) => newest?.value);
    this.#columns = toColumns(lines, Math.max((1.5 * span) / maxPoints, GAP_INTERVALS * interval));
    this.#tell();
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
