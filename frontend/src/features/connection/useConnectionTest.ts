import { useRef, useState } from 'react';

import { engine } from '../../api/commands';
import { type CommandError, toCommandError } from '../../api/errors';
import type { HostKeyOffer } from '../../api/gen/HostKeyOffer';
import type { ServerForm } from '../../api/gen/ServerForm';
import type { ServerId } from '../../api/gen/ServerId';
import type { TestReport } from '../../api/gen/TestReport';
import type { TestStep } from '../../api/gen/TestStep';
import { useEngineEvent } from '../../state/hooks';
import { hopName } from '../servers';
import { attempt } from '../toasts';
import { tellTestEnded } from './testsEnded';

export type TestState =
  | { phase: 'idle' }
  /** With the jump hosts on the way. */
  | { phase: 'running'; steps: readonly TestStep[]; jumps: readonly string[] }
  | { phase: 'ended'; report: TestReport }
  | { phase: 'refused'; error: CommandError };

interface Subject {
  form: ServerForm;
  id: ServerId | null;
}

let tests = 0;

/** The steps of a test arrive under its name; another window may test at the same time. */
function newTestName(): string {
  tests += 1;
  return `${Math.round(performance.timeOrigin)}-${tests}`;
}

export interface ConnectionTest {
  state: TestState;
  /** The host key that a person is asked about. */
  offer: HostKeyOffer | null;
  run: (form: ServerForm, id: ServerId | null) => Promise<TestReport | null>;
  /** Accepts the offered key, in the place of the old one where it has changed, and tests again. The answer is the new report. */
  accept: () => Promise<TestReport | null>;
  /** Leaves the offered key unaccepted. */
  decline: () => void;
  /** Forgets the test: what was tested is not what stands in the form any more. */
  reset: () => void;
}

/** One connection test at a time, step by step, with the questions about unknown and changed host keys in between. */
export function useConnectionTest(): ConnectionTest {
  const [state, setState] = useState<TestState>({ phase: 'idle' });
  const [offer, setOffer] = useState<HostKeyOffer | null>(null);
  const current = useRef<string | null>(null);
  const subject = useRef<Subject | null>(null);

  useEngineEvent((event) => {
    if (event.type !== 'testStep' || event.test !== current.current) return;
    setState((before) => (before.phase === 'running' ? { ...before, steps: [...before.steps, event.step] } : before));
  });

  const run = async (form: ServerForm, id: ServerId | null): Promise<TestReport | null> => {
    const test = newTestName();
    current.current = test;
    subject.current = { form, id };
    setOffer(null);
    const { target } = form.draft;
    setState({ phase: 'running', steps: [], jumps: target.kind === 'ssh' ? target.jumps.map(hopName) : [] });
    try {
      const report = await engine.testServer(test, form, id);
      if (id !== null) tellTestEnded(id);
      if (current.current !== test) return null;
      setState({ phase: 'ended', report });
      setOffer(report.hostKey);
      return report;
    } catch (cause) {
      if (current.current === test) setState({ phase: 'refused', error: toCommandError(cause) });
      return null;
    }
  };

  const accept = async (): Promise<TestReport | null> => {
    if (!offer || !subject.current) return null;
    setOffer(null);
    const accepted = await (offer.replaces.length > 0
      ? attempt(engine.replaceHostKey(offer.id), 'Host key replaced')
      : attempt(engine.acceptHostKey(offer.id), 'Host key accepted'));
    return accepted === undefined ? null : run(subject.current.form, subject.current.id);
  };

  return {
    state,
    offer,
    run,
    accept,
    decline: () => {
      setOffer(null);
    },
    reset: () => {
      current.current = null;
      setOffer(null);
      setState((before) => (before.phase === 'idle' ? before : { phase: 'idle' }));
    },
  };
}
