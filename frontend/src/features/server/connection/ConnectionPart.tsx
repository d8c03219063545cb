import { Button } from '@mantine/core';
import { KeyRound, Pencil, PlugZap } from 'lucide-react';

import type { ServerView } from '../../../api/gen/ServerView';
import { useDialogs } from '../../dialogs';
import classes from './ConnectionPart.module.css';
import { FootprintPanel } from './FootprintPanel';
import { Layers } from './Layers';
import { TestHistory } from './TestHistory';
import { useTests } from './useTests';
import { Way } from './Way';

/** How the server is reached, how that went lately, and what watching it costs. */
export function ConnectionPart({ view }: { view: ServerView }) {
  const open = useDialogs();
  const { id } = view.server;
  const tests = useTests(id);
  return (
    <>
      <div className={classes.actions}>
        <Button
          variant="default"
          leftSection={<PlugZap size={14} aria-hidden />}
          onClick={() => {
            open({ kind: 'test', id, review: false });
          }}
        >
          Test now
        </Button>
        <Button
          variant="default"
          leftSection={<Pencil size={14} aria-hidden />}
          onClick={() => {
            open({ kind: 'edit', id });
          }}
        >
          Edit login
        </Button>
        <Button
          variant="default"
          leftSection={<KeyRound size={14} aria-hidden />}
          onClick={() => {
            open({ kind: 'restrict', id });
          }}
        >
          Restrict the key
        </Button>
      </div>
      <Way view={view} />
      <div className={classes.halves}>
        <Layers view={view} tests={tests} />
        <TestHistory tests={tests} />
      </div>
      <FootprintPanel view={view} />
    </>
  );
}
