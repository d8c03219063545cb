import { Button } from '@mantine/core';

import type { Failure } from '../../api/gen/Failure';
import type { ServerView } from '../../api/gen/ServerView';
import { Note } from '../../components/Note';
import { stageWord } from '../../format/words';
import { useDialogs } from '../dialogs';

interface FailurePanelProps {
  view: ServerView;
  failure: Failure;
}

/** Why the latest visit failed, at which stage, and what to do about it. */
export function FailurePanel({ view: { server, state }, failure }: FailurePanelProps) {
  const open = useDialogs();
  const unknown = failure.code === 'host_key_unknown';
  return (
    <Note
      tone={state === 'retrying' ? 'warn' : 'bad'}
      title={`${stageWord[failure.stage]}: ${failure.message}`}
      hint={failure.hint}
      actions={
        unknown ? (
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
