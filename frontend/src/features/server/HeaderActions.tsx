import { Button } from '@mantine/core';
import { CirclePause, CirclePlay, Pencil, PlugZap, RefreshCw, Trash2 } from 'lucide-react';

import { engine } from '../../api/commands';
import type { ServerView } from '../../api/gen/ServerView';
import { useDialogs } from '../dialogs';
import { LOCAL } from '../servers';
import { attempt } from '../toasts';

/** What can be done with the server on its page. */
export function HeaderActions({ view: { server } }: { view: ServerView }) {
  const open = useDialogs();
  const remote = server.id !== LOCAL;
  return (
    <>
      {remote && (
        <Button
          variant="default"
          leftSection={<PlugZap size={14} aria-hidden />}
          onClick={() => {
            open({ kind: 'test', id: server.id, review: false });
          }}
        >
          Test connection
        </Button>
      )}
      <Button
        variant="default"
        leftSection={server.enabled ? <CirclePause size={14} aria-hidden /> : <CirclePlay size={14} aria-hidden />}
        onClick={() => void attempt(engine.setEnabled(server.id, !server.enabled))}
      >
        {server.enabled ? 'Disable' : 'Enable'}
      </Button>
      <Button
        variant="default"
        leftSection={<Pencil size={14} aria-hidden />}
        onClick={() => {
          open({ kind: 'edit', id: server.id });
        }}
      >
        Edit
      </Button>
      {remote && (
        <Button
          variant="default"
          leftSection={<Trash2 size={14} aria-hidden />}
          onClick={() => {
            open({ kind: 'remove', id: server.id });
          }}
        >
          Remove
        </Button>
      )}
      <Button leftSection={<RefreshCw size={14} aria-hidden />} onClick={() => void attempt(engine.collect(server.id))}>
        Collect now
      </Button>
    </>
  );
}
