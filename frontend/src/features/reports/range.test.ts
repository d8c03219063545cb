import { describe, expect, it } from 'vitest';

import { between, lastDays } from './range';

describe('the range of a report', () => {
  it('goes back by days of the calendar', () => {
    const now = new Date(2026, 10, 23, 14, 30).getTime();
    expect(lastDays('7', now)).toEqual({ from: new Date(2026, 10, 16, 14, 30).getTime(), to: now });
  });

  it('lies between two moments', () => {
    const [from, to] = ['2026-11-01T00:00', '2026-11-02T12:00'];
    expect(between(from, to)).toEqual({ from: new Date(from).getTime(), to: new Date(to).getTime() });
  });

  it.each([
    ['', ''],
    ['2026-11-01T00:00', ''],
    ['2026-11-02T00:00', '2026-11-01T00:00'],
    ['2026-11-02T00:00', '2026-11-02T00:00'],
  ])('is none from %j to %j', (from, to) => {
    expect(between(from, to)).toBeNull();
  });
});
