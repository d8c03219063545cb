import { useEffect, useRef, useState } from 'react';

import { engine } from '../../api/commands';
import { toCommandError } from '../../api/errors';
import type { ServerId } from '../../api/gen/ServerId';
import type { ServerView } from '../../api/gen/ServerView';
import type { TestReport } from '../../api/gen/TestReport';
import { tellTestEnded } from '../connection/testsEnded';
import { savedForm } from '../server-form/values';

/** How far the trial of a server is. */
export type Trial =
  | { phase: 'waiting' | 'running' | 'on' }
  /** It passed no test, or could not be switched on. */
  | { phase: 'failed'; words: string; report: TestReport | null };

/** So many logins at once load neither this computer nor the network; servers that hang do not hold up the rest for long. */
const AT_ONCE = 4;

export interface Trials {
  of: (id: ServerId) => Trial | undefined;
  running: boolean;
  /** Tests these and switches those on that pass. What was switched on already is left alone. */
  run: (servers: readonly ServerView[]) => Promise<void>;
}

/** Tests servers that were just imported, a few at a time. Nothing new is begun once the dialog is closed. */
export function useTrials(): Trials {
  const [trials, setTrials] = useState<ReadonlyMap<ServerId, Trial>>(new Map());
  const closed = useRef(false);
  useEffect(() => {
    closed.current = false;
    return () => {
      closed.current = true;
    };
  }, []);

  const note = (id: ServerId, trial: Trial) => {
    setTrials((before) => new Map(before).set(id, trial));
  };

  const tryOne = async ({ server }: ServerView) => {
    note(server.id, { phase: 'running' });
    try {
      const report = await engine.testServer(`import-${server.id}-${Date.now()}`, savedForm(server), server.id);
      tellTestEnded(server.id);
      if (report.failure) {
        note(server.id, { phase: 'failed', words: report.failure.message, report });
        return;
      }
      await engine.setEnabled(server.id, true);
      note(server.id, { phase: 'on' });
    } catch (cause) {
      note(server.id, { phase: 'failed', words: toCommandError(cause).message, report: null });
    }
  };

  const run = async (servers: readonly ServerView[]) => {
    const due = servers.filter(({ server }) => trials.get(server.id)?.phase !== 'on');
    setTrials((before) => new Map([...before, ...due.map(({ server }) => [server.id, { phase: 'waiting' }] as const)]));
    const left = [...due];
    const worker = async () => {
      for (let next = left.shift(); next !== undefined && !closed.current; next = left.shift()) await tryOne(next);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  };

  const running = [...trials.values()].some(({ phase }) => phase === 'waiting' || phase === 'running');
  return { of: (id) => trials.get(id), running, run };
}
