import type { StageTime } from '../api/gen/StageTime';
import { millis } from '../format/units';
import { stageName } from '../format/words';
import classes from './Stages.module.css';

/** The stages of a collection in their order: how long each took, as a bar and in words. */
export function Stages({ stages }: { stages: readonly StageTime[] }) {
  const whole = stages.filter(({ family }) => family === null);
  const shown = whole.length > 0 ? whole : stages;
  if (shown.length === 0) return <span className={classes.none}>No stage was reached</span>;
  const total = shown.reduce((sum, stage) => sum + stage.millis, 0);
  return (
    <div className={classes.stages}>
      <div className={classes.bar} aria-hidden>
        {shown.map((stage, index) => (
          <span
            key={index}
            style={{ flexGrow: total > 0 ? stage.millis / total : 1 }}
            title={`${stageName(stage)} ${millis(stage.millis)}`}
          />
        ))}
      </div>
      <ol className={classes.list} aria-label={`Stages, ${millis(total)} in all`}>
        {shown.map((stage, index) => (
          <li key={index}>
            {stageName(stage)} {millis(stage.millis)}
          </li>
        ))}
      </ol>
    </div>
  );
}
