/** Limits as they stand in fields, and what a preview says in words. */

import type { Expired } from '../../../api/gen/Expired';
import type { Retention } from '../../../api/gen/Retention';
import type { RetentionPreview } from '../../../api/gen/RetentionPreview';
import { numberIn } from '../../../components/NumberField';
import { bytes, count } from '../../../format/units';

export const NOTHING: Expired = { collections: 0, bytes: 0 };

const GIBIBYTE = 2 ** 30;
const DAYS_A_YEAR = 365;

/** A limit that is in force, as its field shows it. */
export function daysText(days: number | null): string {
  return days === null ? '' : String(days);
}

export function sizeText(size: number | null): string {
  return size === null ? '' : String(Number((size / GIBIBYTE).toFixed(3)));
}

/** What stands in a field: null where it is empty, undefined where it is no number. Whether it can be meant says the engine. */
export function daysIn(text: string): number | null | undefined {
  return numberIn(text, { least: 0, most: 4_294_967_295, whole: true, optional: true });
}

/** A size in bytes. A field that was not touched stands for what is in force, to the last byte. */
export function sizeIn(text: string, inForce: number | null): number | null | undefined {
  if (text === sizeText(inForce)) return inForce;
  const size = numberIn(text, { least: 0, most: 1_000_000, optional: true });
  return typeof size === 'number' ? Math.round(size * GIBIBYTE) : size;
}

/** `30 days`, or that there is no limit. */
export function daysWords(days: number | null): string {
  if (days === null) return 'without limit';
  return days === 1 ? '1 day' : `${count(days)} days`;
}

/** How fast the database grows, by the day and by the year. */
export function growthWords(growth: number | null): string {
  if (growth === null) return 'Not known yet: that takes a day of history.';
  return `About ${bytes(growth)} a day at present, about ${bytes(growth * DAYS_A_YEAR)} a year.`;
}

function collections(amount: number): string {
  return `${count(amount)} ${amount === 1 ? 'collection' : 'collections'}`;
}

/** Everything that goes. */
function allOf({ servers, bySize }: RetentionPreview): Expired {
  return servers.reduce(
    (all, { expired }) => ({ collections: all.collections + expired.collections, bytes: all.bytes + expired.bytes }),
    bySize,
  );
}

/** What a preview gives up, in sentences; none where nothing goes. `age` says what is too old. */
export function givenUp({ servers, bySize }: RetentionPreview, { bytes: most }: Retention, age: string): string[] {
  const sentences = [];
  const byAge = allOf({ servers, bySize: NOTHING });
  if (byAge.collections > 0) {
    const whose = servers.length === 1 ? '1 server' : `${count(servers.length)} servers`;
    sentences.push(`This gives up ${collections(byAge.collections)} of ${whose}, about ${bytes(byAge.bytes)}, ${age}.`);
  }
  if (bySize.collections > 0 && most !== null) {
    const what = `${collections(bySize.collections)}, about ${bytes(bySize.bytes)}`;
    sentences.push(`To stay within ${bytes(most)}, the oldest of all servers go: about ${what}.`);
  }
  return sentences;
}
