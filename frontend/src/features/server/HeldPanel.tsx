import { Button } from '@mantine/core';
import { RotateCcw } from 'lucide-react';

import { engine } from '../../api/commands';
import type { ServerView } from '../../api/gen/ServerView';
import { Note } from '../../components/Note';
import { RelativeTime } from '../../components/RelativeTime';
import { failureTitle } from '../../format/words';
import { Remedy } from '../connection/FailureNote';
import { attempt } from '../toasts';
import { EditLogin } from './EditLogin';
import classes from './Server.module.css';

/** Why the schedule of the server stands still, and what makes it go on. */
export function HeldPanel({ view: { server, failure, heldSince } }: { view: ServerView }) {
  return (
    <Note
      tone="held"
      title={
        heldSince === null ? (
          'The schedule stands still'
        ) : (
          <>
            The schedule stands still since <RelativeTime at={heldSince} />
          </>
        )
      }
      actions={
        <>
          <Button
            leftSection={<RotateCcw size={14} aria-hidden />}
            onClick={() => void attempt(engine.collect(server.id))}
          >
            Try now
          </Button>
          <EditLogin id={server.id} />
        </>
      }
    >
      {failure && (
        <>
          <p className={classes.why}>{failureTitle(failure)}</p>
          <p className={classes.why}>{failure.hint}</p>
        </>
      )}
      <p className={classes.quiet}>
        Trying again and again could lock the account. It goes on when you try it now and it lets you in, or when you
        change its settings.
      </p>
      {failure && <Remedy failure={failure} />}
    </Note>
  );
}
