import { Button } from '@mantine/core';

import type { Failure } from '../../api/gen/Failure';
import type { ServerView } from '../../api/gen/ServerView';
import { FailureNote } from '../connection/FailureNote';
import { useDialogs } from '../dialogs';
import { asksAboutHostKey } from '../servers';

interface FailurePanelProps {
  view: ServerView;
  failure: Failure;
}

/** Why the latest visit failed, at which stage, and what to do about it. */
export function FailurePanel({ view: { server, state }, failure }: FailurePanelProps) {
  const open = useDialogs();
  return (
    <FailureNote
      failure={failure}
      tone={state === 'retrying' ? 'warn' : 'bad'}
      actions={
        asksAboutHostKey(failure) ? (
          <Button
            onClick={() => {
              open({ kind: 'test', id: server.id, review: true });
            }}
          >
            Review host key
          </Button>
        ) : undefined
      }
    />
  );
}
