/** The range of a report: the last days by the calendar, or two moments that a person gives. */

import type { UnixMillis } from '../../api/gen/UnixMillis';

export const presets = [
  { value: '1', label: '24 hours' },
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
] as const;

export type Preset = (typeof presets)[number]['value'];

export interface Range {
  from: UnixMillis;
  to: UnixMillis;
}

/** The last so many days before `now`. Days are those of the calendar: 23 hours where a clock was set forward in between. */
export function lastDays(preset: Preset, now: UnixMillis): Range {
  const from = new Date(now);
  from.setDate(from.getDate() - Number(preset));
  return { from: from.getTime(), to: now };
}

/** What two fields for local moments hold; null where they are no range. */
export function between(from: string, to: string): Range | null {
  const range = { from: new Date(from).getTime(), to: new Date(to).getTime() };
  return range.from < range.to ? range : null;
}
