import { Button, Group, Modal } from '@mantine/core';
import { useEffect, useEffectEvent, useRef } from 'react';

import { engine } from '../../api/commands';
import type { ServerView } from '../../api/gen/ServerView';
import { Note } from '../../components/Note';
import { usePrompted } from '../prompts';
import { savedForm } from '../server-form/values';
import { attempt } from '../toasts';
import classes from './Connection.module.css';
import { HostKeyDialog } from './HostKeyDialog';
import { TestResult } from './TestResult';
import { useConnectionTest } from './useConnectionTest';

interface TestDialogProps {
  view: ServerView;
  /** Whether the test is run to see an unknown or a changed host key. */
  review: boolean;
  onClose: () => void;
}

/** Tests a saved server as it stands. */
export function TestDialog({ view: { server }, review, onClose }: TestDialogProps) {
  const test = useConnectionTest();
  const prompted = usePrompted();
  const started = useRef(false);
  const run = () => void test.run(savedForm(server), server.id);
  const passed = test.state.phase === 'ended' && test.state.report.failure === null;
  const start = useEffectEvent(run);
  useEffect(() => {
    if (started.current) return;
    started.current = true;
    start();
  }, []);

  const accept = async () => {
    const report = await test.accept();
    // What failed because of the key is now worth another visit.
    if (report?.failure === null && server.enabled) await attempt(engine.collect(server.id));
  };

  return (
    <>
      <Modal
        opened
        onClose={onClose}
        title={review ? `Review host key of ${server.name}` : `Test connection of ${server.name}`}
        size="lg"
        closeOnEscape={!test.offer && !prompted}
      >
        <TestResult state={test.state} />
        {passed && !server.enabled && (
          <div className={classes.after}>
            <Note
              tone="info"
              title="It is switched off"
              hint="Once it is switched on, it is visited on its schedule."
              actions={<Button onClick={() => void attempt(engine.setEnabled(server.id, true))}>Enable</Button>}
            />
          </div>
        )}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={run} loading={test.state.phase === 'running'}>
            Test again
          </Button>
          <Button onClick={onClose} data-autofocus>
            Done
          </Button>
        </Group>
      </Modal>
      {test.offer && <HostKeyDialog offer={test.offer} onAccept={() => void accept()} onDecline={test.decline} />}
    </>
  );
}
