import type { UnixMillis } from '../../../api/gen/UnixMillis';
import { RelativeTime } from '../../../components/RelativeTime';
import classes from '../Server.module.css';

/** How old a part of the page is: slow families rest between visits. */
export function ReadAt({ at }: { at: UnixMillis | undefined }) {
  if (at === undefined) return null;
  return (
    <span className={classes.quiet}>
      read <RelativeTime at={at} />
    </span>
  );
}
