import type { UnixMillis } from '../api/gen/UnixMillis';
import { absolute, relative } from '../format/time';
import { useNow } from './clock';

/** A moment as its distance from now, with the full date at hand. */
export function RelativeTime({ at }: { at: UnixMillis }) {
  const now = useNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={absolute(at)}>
      {relative(at, now)}
    </time>
  );
}
