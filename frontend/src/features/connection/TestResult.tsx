import { Note } from '../../components/Note';
import classes from './Connection.module.css';
import { FailureNote } from './FailureNote';
import { Steps } from './Steps';
import { jumpsIn } from './steps';
import type { TestState } from './useConnectionTest';

export function TestResult({ state }: { state: TestState }) {
  if (state.phase === 'idle') return null;
  if (state.phase === 'refused') return <Note tone="bad" urgent title={state.error.message} hint={state.error.hint} />;
  const running = state.phase === 'running';
  const { steps, unavailable } = running ? { steps: state.steps, unavailable: [] } : state.report;
  return (
    <div className={classes.result} aria-live="polite" aria-busy={running}>
      <Steps
        label="Connection test steps"
        steps={steps}
        jumps={running ? state.jumps : jumpsIn(steps)}
        unavailable={unavailable}
        running={running}
      />
      {state.phase === 'ended' && (
        <div ref={intoView}>
          {state.report.failure ? (
            <FailureNote failure={state.report.failure} />
          ) : (
            <Note tone="good" title="Connection test passed" />
          )}
        </div>
      )}
    </div>
  );
}

/** The verdict stands below the steps, and those below the form: it is what the person waits for. */
function intoView(verdict: HTMLElement | null) {
  verdict?.scrollIntoView({ block: 'nearest' });
}
