/** Moments as people read them. */

import type { UnixMillis } from '../api/gen/UnixMillis';
import { language } from '../locale';
import { duration } from './units';

const moment = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat(language, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const clockWithoutSeconds = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short' });

const utcDay = new Intl.DateTimeFormat(language, { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' });

const DAY = 86_400_000;

/** Date and time in full. */
export function absolute(at: UnixMillis): string {
  return moment.format(at);
}

/** A day that begins at `at` in UTC. */
export function dayInUtc(at: UnixMillis): string {
  return utcDay.format(at);
}

/** Only the time of day, with seconds. */
export function timeOfDay(at: UnixMillis): string {
  return clock.format(at);
}

/** How far `at` is from `now`: `12 s ago`, `now`, `in 3 min`. Beyond a minute seconds are left out. */
export function relative(at: UnixMillis, now: UnixMillis): string {
  const seconds = Math.round((at - now) / 1_000);
  if (Math.abs(seconds) < 1) return 'now';
  const size = Math.abs(seconds);
  const coarse = size < 60 ? size : size < 3_600 ? size - (size % 60) : size;
  return seconds < 0 ? `${duration(coarse)} ago` : `in ${duration(coarse)}`;
}

/** Labels for the ticks of a time axis that stand `step` milliseconds apart; the date where a day begins. */
export function tickLabel(at: UnixMillis, step: number, isFirst: boolean): string {
  const startsDay = new Date(at).getHours() === 0 && new Date(at).getMinutes() === 0;
  if (step >= DAY) return day.format(at);
  if (startsDay && !isFirst) return day.format(at);
  return step < 60_000 ? clock.format(at) : clockWithoutSeconds.format(at);
}
