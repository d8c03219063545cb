import { Button } from '@mantine/core';

import type { Failure } from '../../api/gen/Failure';
import type { ServerView } from '../../api/gen/ServerView';
import { Disclosure } from '../../components/Disclosure';
import { Note } from '../../components/Note';
import { failureTitle } from '../../format/words';
import { FailureNote, Remedy } from '../connection/FailureNote';
import { useDialogs } from '../dialogs';
import { asksAboutHostKey } from '../servers';
import { EditLogin } from './EditLogin';
import classes from './Server.module.css';

interface FailurePanelProps {
  view: ServerView;
  failure: Failure;
}

/** Why the latest visit failed, at which stage, and what to do about it. */
export function FailurePanel({ view, failure }: FailurePanelProps) {
  if (asksAboutHostKey(failure)) return <HostKeyPanel view={view} failure={failure} />;
  const aboutLogin = failure.stage === 'login' || failure.stage === 'credential';
  return (
    <FailureNote
      failure={failure}
      tone={view.state === 'retrying' ? 'warn' : 'bad'}
      actions={aboutLogin ? <EditLogin id={view.server.id} /> : undefined}
    />
  );
}

/** In a line what to do, for the dialog behind the button says it all; the rest on demand. */
function HostKeyPanel({ view: { server }, failure }: FailurePanelProps) {
  const open = useDialogs();
  const changed = failure.code === 'host_key_changed';
  const whose = failure.hop === null ? 'Its host key' : `The host key of the jump host ${failure.hop}`;
  return (
    <Note
      tone={changed ? 'bad' : 'warn'}
      title={`${whose} ${changed ? 'has changed' : 'is not known yet'}`}
      hint={changed ? 'It is not visited until you have found out why.' : 'It is visited once you have accepted it.'}
      actions={
        <Button
          onClick={() => {
            open({ kind: 'test', id: server.id, review: true });
          }}
        >
          Review host key
        </Button>
      }
    >
      <div className={classes.details}>
        <Disclosure label="Details">
          <p className={classes.why}>{failureTitle(failure)}</p>
          <p className={classes.why}>{failure.hint}</p>
          <Remedy failure={failure} />
        </Disclosure>
      </div>
    </Note>
  );
}
