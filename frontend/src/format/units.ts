/** Numbers as people read them: percent, KiB, MiB, GiB, days and hours. */

import type { FilesystemForecast } from '../api/gen/FilesystemForecast';
import type { Unit } from '../api/gen/Unit';
import { language } from '../locale';

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;
const STEP = 1024;

const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const upToOneDigit = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const upToTwoDigits = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
const twoDigits = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** `0.123` as `12 %`; below ten percent with one digit, for there it matters. */
export function percent(ratio: number): string {
  const value = ratio * 100;
  return `${value > 0 && value < 9.95 ? oneDigit.format(value) : whole.format(value)} %`;
}

/** `1536` as `1.5 KiB`. */
export function bytes(value: number): string {
  let power = 0;
  let scaled = value;
  while (scaled >= STEP && power < BINARY.length - 1) {
    scaled /= STEP;
    power += 1;
  }
  const digits = power > 0 && scaled < 100 ? oneDigit : whole;
  return `${digits.format(scaled)} ${BINARY[power] ?? 'B'}`;
}

export function bytesPerSecond(value: number): string {
  return `${bytes(value)}/s`;
}

/** A count; with two digits where it is an average below a hundred, as a load is. */
export function count(value: number): string {
  return Number.isInteger(value) || value >= 100 ? whole.format(value) : twoDigits.format(value);
}

/** A mark of an axis: as short as it can be. */
export function mark(value: number, unit: Unit): string {
  return unit === 'count' ? upToTwoDigits.format(value) : quantity(value, unit);
}

/** From this many days on nobody counts the hours. */
const ONLY_DAYS = 100;

/** Seconds as their two largest parts: `3 d 4 h`, `5 min`, `12 s`. */
export function duration(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  const parts = [
    [Math.floor(total / 86_400), 'd'],
    [Math.floor((total % 86_400) / 3_600), 'h'],
    [Math.floor((total % 3_600) / 60), 'min'],
    [total % 60, 's'],
  ] as const;
  const first = parts.findIndex(([amount]) => amount > 0);
  if (first < 0) return '0 s';
  return parts
    .slice(first, parts[0][0] >= ONLY_DAYS ? 1 : first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ');
}

type Forecast = Pick<FilesystemForecast, 'fullIn' | 'earliest' | 'latest'>;

const HOUR = 3_600;
const DAY = 86_400;

/**
 * When a disk will be full, no more exactly than anybody knows it, as the engine says it in alerts: `about 12 days (9 to 18)`,
 * `about 30 hours (25 to 41)`, `less than an hour`.
 */
export function forecast({ fullIn, earliest, latest }: Forecast): string {
  if (fullIn < HOUR) return 'less than an hour';
  const [unit, one, many] = fullIn < 2 * DAY ? [HOUR, 'hour', 'hours'] : [DAY, 'day', 'days'];
  const shown = (seconds: number) => (seconds / unit < 4.95 ? upToOneDigit : whole).format(seconds / unit);
  const [first, middle, last] = [shown(earliest), shown(fullIn), shown(latest)];
  const range = first === last ? '' : ` (${first} to ${last})`;
  return `about ${middle} ${middle === '1' ? one : many}${range}`;
}

/** Milliseconds of a stage: `0.4 ms`, `37 ms`, `1.2 s`. */
export function millis(value: number): string {
  if (value >= 1_000) return `${oneDigit.format(value / 1_000)} s`;
  return `${value < 10 ? oneDigit.format(value) : whole.format(value)} ms`;
}

/** Degrees without digits: sensors are not truer than that. */
export function celsius(value: number): string {
  return `${whole.format(value)} °C`;
}

/** CPU seconds: `0.4 s` while they are few, then as a duration. */
export function cpuTime(seconds: number): string {
  return seconds < 60 ? `${oneDigit.format(seconds)} s` : duration(seconds);
}

/** `value` of a metric in `unit`. */
export function quantity(value: number, unit: Unit): string {
  switch (unit) {
    case 'ratio':
      return percent(value);
    case 'bytes':
      return bytes(value);
    case 'bytesPerSecond':
      return bytesPerSecond(value);
    case 'count':
      return count(value);
    case 'perSecond':
      return `${count(value)}/s`;
    case 'seconds':
      return duration(value);
    case 'celsius':
      return celsius(value);
    case 'flag':
      return value > 0 ? 'yes' : 'no';
  }
}
