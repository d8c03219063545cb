import { CheckCircle2, Circle, CircleSlash, Loader, type LucideIcon, XCircle } from 'lucide-react';

import type { TestReport } from '../../api/gen/TestReport';
import type { TestStep } from '../../api/gen/TestStep';
import { millis } from '../../format/units';
import { familyWord, outcomeWord, plural, stageWord } from '../../format/words';
import classes from './Connection.module.css';
import { type Outcome, type ShownStep, shownFamilies, stepGroups } from './steps';

const look: Record<Outcome, [LucideIcon, string]> = {
  passed: [CheckCircle2, outcomeWord.passed],
  failed: [XCircle, outcomeWord.failed],
  notReached: [CircleSlash, outcomeWord.notReached],
  notAvailable: [CircleSlash, outcomeWord.notAvailable],
  running: [Loader, 'Running'],
  pending: [Circle, 'To come'],
};

interface StepsProps {
  label: string;
  steps: readonly TestStep[];
  /** The jump hosts on the way, in order. */
  jumps: readonly string[];
  unavailable?: TestReport['unavailable'];
  running?: boolean;
}

/** The steps of a connection, host by host, and the families that were read at its end. */
export function Steps({ label, steps, jumps, unavailable = [], running = false }: StepsProps) {
  const groups = stepGroups(steps, jumps, running);
  const families = shownFamilies(steps, unavailable);
  return (
    <div className={classes.groups}>
      {groups.map(({ hop, key, steps: shown }, index) => {
        const title = hop !== null ? `Jump host ${hop}` : jumps.length > 0 && key === 'server' ? 'The server' : null;
        return (
          <div key={key} className={classes.group}>
            {title !== null && <p className={classes.groupTitle}>{title}</p>}
            <ol
              className={classes.steps}
              aria-label={title === null && index === 0 ? label : `${label}: ${title ?? key}`}
            >
              {shown.map((step) => (
                <Step key={step.stage} shown={step} />
              ))}
            </ol>
          </div>
        );
      })}
      {families.length > 0 && <Families families={families} />}
    </div>
  );
}

function Step({ shown: { stage, outcome, step } }: { shown: ShownStep }) {
  const [Icon, word] = look[outcome];
  return (
    <li className={classes.step} data-outcome={outcome}>
      <Icon size={15} aria-hidden className={classes.stepIcon} />
      <span className={classes.stepName}>{stageWord[stage]}</span>
      <span className={classes.stepOutcome}>{word}</span>
      <span className={classes.stepTime}>{typeof step?.millis === 'number' ? millis(step.millis) : ''}</span>
      {step?.detail && <span className={classes.stepDetail}>{step.detail}</span>}
    </li>
  );
}

function Families({ families }: { families: ReturnType<typeof shownFamilies> }) {
  const read = families.filter(({ reason }) => reason === null);
  const missing = families.filter(({ reason }) => reason !== null);
  return (
    <div className={classes.group}>
      <p className={classes.groupTitle}>
        {plural(read.length, 'family of metrics', 'families of metrics')} read
        {missing.length > 0 && `, ${missing.length} not available`}
      </p>
      <ul className={classes.families} aria-label="Families of metrics">
        {read.map(({ family, millis: took, missing: part }) => (
          <li key={family} data-outcome="passed">
            <CheckCircle2 size={13} aria-label={outcomeWord.passed} className={classes.stepIcon} />
            <span>
              {familyWord[family]}
              {part !== null && (
                <>
                  : not complete. <span className={classes.reason}>{part}</span>
                </>
              )}
            </span>
            <span className={classes.stepTime}>{took === null ? '' : millis(took)}</span>
          </li>
        ))}
        {missing.map(({ family, reason }) => (
          <li key={family} className={classes.missing}>
            <CircleSlash size={13} aria-hidden className={classes.stepIcon} />
            <span>
              {familyWord[family]}: not available. <span className={classes.reason}>{reason}</span>
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
