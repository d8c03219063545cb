import type { UnixMillis } from '../api/gen/UnixMillis';
import { absolute, relative } from '../format/time';
import { useNow } from './clock';

interface RelativeTimeProps {
  at: UnixMillis;
  /** A moment to come; what is due is due now, not some seconds ago. Otherwise it is a past one. */
  coming?: boolean;
}

/**
 * A moment as its distance from now, with the full date at hand. The shared clock of the window ticks once a second, so a
 * moment may lie on the wrong side of it for a blink.
 */
export function RelativeTime({ at, coming = false }: RelativeTimeProps) {
  const now = useNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={absolute(at)}>
      {relative(coming ? Math.max(at, now) : Math.min(at, now), now)}
    </time>
  );
}
