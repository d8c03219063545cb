import { describe, expect, it } from 'vitest';

import type { Bucket } from '../../api/gen/Bucket';
import { isolated, toColumns, valueAt } from './columns';

const MINUTE = 60_000;
const bucket = (minute: number, avg = minute): Bucket => ({
  start: minute * MINUTE,
  min: avg - 1,
  avg,
  max: avg + 1,
  count: 1,
});
const line = (key: string, minutes: number[]) => ({
  key,
  label: key,
  buckets: minutes.map((minute) => bucket(minute)),
});

describe('toColumns', () => {
  it('holds average, largest and smallest', () => {
    expect(toColumns([line('a', [1, 2])], MINUTE)).toEqual([
      [60_000, 120_000],
      [1, 2],
      [2, 3],
      [0, 1],
    ]);
  });

  it('keeps a gap a gap', () => {
    const [times, averages] = toColumns([line('a', [1, 2, 3, 9, 10])], 2.5 * MINUTE);
    expect(averages).toEqual([1, 2, 3, null, 9, 10]);
    expect(times[3]).toBe(6 * MINUTE);
  });

  it('sees no gap where a family is always read seldom', () => {
    const [, averages] = toColumns([line('a', [0, 15, 30, 45])], MINUTE);
    expect(averages).toEqual([0, 15, 30, 45]);
  });

  it('does not take the times of another line for gaps', () => {
    const [, often, seldom] = toColumns(
      [line('often', [0, 1, 2, 3, 4]), line('seldom', [0, 2, 4])],
      2.5 * MINUTE,
    ).filter((_, index) => index === 0 || index % 3 === 1);
    expect(often).toEqual([0, 1, 2, 3, 4]);
    expect(seldom).toEqual([0, undefined, 2, undefined, 4]);
  });

  it('ends a line that is observed no longer', () => {
    const [, , , , ended] = toColumns([line('a', [0, 1, 2, 3, 4, 5, 6, 7, 8]), line('b', [0, 1])], 2.5 * MINUTE);
    expect(valueAt(ended ?? [], (ended?.length ?? 0) - 1)).toBeNull();
  });

  it('is empty without lines', () => {
    expect(toColumns([], MINUTE)).toEqual([[]]);
  });
});

it('finds the values that a line alone would not show', () => {
  expect(isolated([1, null, 2, 3, null, undefined, 4])).toEqual([0, 6]);
  expect(isolated([null, 1, undefined, 2])).toEqual([]);
});

it('reads the value before where the time belongs to another line, but never across a gap', () => {
  expect(valueAt([1, undefined, undefined], 2)).toBe(1);
  expect(valueAt([1, null, undefined], 2)).toBeNull();
});
