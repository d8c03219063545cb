import { CheckCircle2, Circle, CircleSlash, Loader, type LucideIcon, XCircle } from 'lucide-react';

import type { Stage } from '../../api/gen/Stage';
import type { TestStep } from '../../api/gen/TestStep';
import { Note } from '../../components/Note';
import { millis } from '../../format/units';
import { familyWord, outcomeWord, stageWord } from '../../format/words';
import classes from './ServerForm.module.css';
import type { TestState } from './useConnectionTest';

/** What a test goes through. */
const stages: readonly Stage[] = [
  'credential',
  'resolve',
  'connect',
  'keyExchange',
  'hostKey',
  'login',
  'shell',
  'probe',
];

type Outcome = TestStep['outcome'] | 'running' | 'pending';

const look: Record<Outcome, [LucideIcon, string]> = {
  passed: [CheckCircle2, outcomeWord.passed],
  failed: [XCircle, outcomeWord.failed],
  notReached: [CircleSlash, outcomeWord.notReached],
  running: [Loader, 'Running'],
  pending: [Circle, 'To come'],
};

interface Shown {
  stage: Stage;
  outcome: Outcome;
  step: TestStep | undefined;
}

function timeOf(step: TestStep | undefined): string {
  return typeof step?.millis === 'number' ? millis(step.millis) : '';
}

/** Every stage with what is known of it; the first one that is not known yet is running. */
function shownSteps(steps: readonly TestStep[], running: boolean): Shown[] {
  const known = stages.map((stage) => ({ stage, step: steps.find((step) => step.stage === stage) }));
  const last = known.findLastIndex(({ step }) => step !== undefined);
  const failed = steps.some(({ outcome }) => outcome === 'failed');
  return known
    .map(({ stage, step }, index) => {
      const next: Outcome = running && !failed && index === last + 1 ? 'running' : 'pending';
      return { stage, step, outcome: step?.outcome ?? next };
    })
    .filter(({ step }) => running || step !== undefined);
}

export function TestResult({ state }: { state: TestState }) {
  if (state.phase === 'idle') return null;
  if (state.phase === 'refused') return <Note tone="bad" urgent title={state.error.message} hint={state.error.hint} />;
  const running = state.phase === 'running';
  const steps = running ? state.steps : state.report.steps;
  return (
    <div className={classes.result} aria-live="polite" aria-busy={running}>
      <ol className={classes.steps} aria-label="Connection test steps">
        {shownSteps(steps, running).map(({ stage, outcome, step }) => {
          const [Icon, word] = look[outcome];
          return (
            <li key={stage} className={classes.step} data-outcome={outcome}>
              <Icon size={15} aria-hidden className={classes.stepIcon} />
              <span className={classes.stepName}>{stageWord[stage]}</span>
              <span className={classes.stepOutcome}>{word}</span>
              <span className={classes.stepTime}>{timeOf(step)}</span>
              {step?.detail && <span className={classes.stepDetail}>{step.detail}</span>}
            </li>
          );
        })}
      </ol>
      {state.phase === 'ended' && (
        <div ref={intoView}>
          <Verdict state={state} />
        </div>
      )}
    </div>
  );
}

/** The verdict stands below the steps, and those below the form: it is what the person waits for. */
function intoView(verdict: HTMLElement | null) {
  verdict?.scrollIntoView({ block: 'nearest' });
}

function Verdict({ state: { report } }: { state: Extract<TestState, { phase: 'ended' }> }) {
  const { failure, unavailable } = report;
  if (failure) {
    return (
      <Note tone="bad" title={failure.message} hint={failure.hint}>
        {failure.code === 'host_key_changed' && (
          <p className={classes.lead}>
            The connection was refused, and there is no way round this here: a changed key can mean that somebody else
            answers. If you set the server up anew, remove its old key from the known hosts first.
          </p>
        )}
      </Note>
    );
  }
  return (
    <Note tone="good" title="Connection test passed">
      {unavailable.length > 0 && (
        <ul className={classes.missing}>
          {unavailable.map(({ family, reason }) => (
            <li key={family}>
              {familyWord[family]} is not available: {reason}
            </li>
          ))}
        </ul>
      )}
    </Note>
  );
}
