import { Tooltip } from '@mantine/core';

import classes from './Absent.module.css';

/** What stands where a value is not available: never a number. */
export function Absent({ reason = 'Not available from this server.' }: { reason?: string | undefined }) {
  return (
    <Tooltip label={reason}>
      {/* Focusable, so that the reason can be read without a mouse. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <span className={classes.absent} tabIndex={0} role="note" aria-label={`not available: ${reason}`}>
        n/a
      </span>
    </Tooltip>
  );
}
