import { describe, expect, it } from 'vitest';

import { relative, tickLabel } from './time';
import { bytes, bytesPerSecond, count, duration, forecast, millis, percent, quantity } from './units';

describe('numbers as people read them', () => {
  it.each([
    [0, '0 %'],
    [0.0042, '0.4 %'],
    [0.0999, '10 %'],
    [0.123, '12 %'],
    [1, '100 %'],
  ])('percent %f', (ratio, text) => {
    expect(percent(ratio)).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [1_023, '1,023 B'],
    [1_536, '1.5 KiB'],
    [16_777_216, '16.0 MiB'],
    [17_179_869_184, '16.0 GiB'],
    [214_748_364_800, '200 GiB'],
  ])('bytes %i', (value, text) => {
    expect(bytes(value)).toBe(text);
  });

  it.each([
    [[9.2, 12.1, 18], 'about 12 days (9 to 18)'],
    [[1.5, 2, 3.04], 'about 2 days (1.5 to 3)'],
    [[7, 7.1, 7.2], 'about 7 days'],
    [[0.9, 1.25, 2.1], 'about 30 hours (22 to 50)'],
    [[0.042, 0.042, 0.042], 'about 1 hour'],
    [[0, 0.04, 3], 'less than an hour'],
  ] as const)('forecast %j', (days, text) => {
    const [earliest, fullIn, latest] = days;
    const day = 86_400;
    expect(forecast({ earliest: earliest * day, fullIn: fullIn * day, latest: latest * day })).toBe(text);
  });

  it.each([
    [0, '0 s'],
    [59.4, '59 s'],
    [60, '1 min'],
    [90_061, '1 d 1 h'],
    [1_036_800, '12 d'],
    [9_234_567, '106 d'],
  ])('duration %f', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  it('the others', () => {
    expect(bytesPerSecond(2_048)).toBe('2.0 KiB/s');
    expect(count(0.5)).toBe('0.50');
    expect(count(3)).toBe('3');
    expect(millis(0.44)).toBe('0.4 ms');
    expect(millis(1_240)).toBe('1.2 s');
    expect(quantity(0.5, 'ratio')).toBe('50 %');
  });
});

describe('moments', () => {
  it.each([
    [0, 'now'],
    [-12_000, '12 s ago'],
    [-185_000, '3 min ago'],
    [34_000, 'in 34 s'],
    [-90_000_000, '1 d 1 h ago'],
  ])('%i ms from now', (distance, text) => {
    expect(relative(1_000_000_000 + distance, 1_000_000_000)).toBe(text);
  });

  it('names the day where it begins', () => {
    const midnight = new Date(2_026, 10, 23).getTime();
    expect(tickLabel(midnight, 3_600_000, false)).toMatch(/Nov/);
    expect(tickLabel(midnight + 3_600_000, 3_600_000, false)).toBe('01:00');
  });
});
