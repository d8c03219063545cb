import { AlertTriangle } from 'lucide-react';

import { percent } from '../format/units';
import { Absent } from './Absent';
import classes from './Meter.module.css';

interface MeterProps {
  /** What is measured, for screen readers. */
  label: string;
  /** A ratio; absent where it is not available. */
  value: number | null;
  /** Where the alert fires, in percent. */
  threshold?: number | null;
  /** Whether the engine says that this alert is firing. */
  firing?: boolean;
  /** Whether the value is old. */
  faded?: boolean;
  /** Why there is no value. */
  reason?: string | undefined;
  /** More about the value, such as the mount it belongs to. */
  detail?: string | null | undefined;
}

/** A share as a number and a bar, with a mark where its alert fires. */
export function Meter({ label, value, threshold = null, firing = false, faded = false, reason, detail }: MeterProps) {
  if (value === null) return <Absent reason={reason} />;
  const text = percent(value);
  return (
    <div className={classes.meter} data-firing={firing} data-faded={faded} title={detail ?? undefined}>
      <span className={classes.number}>
        {text}
        {firing && <AlertTriangle size={13} aria-label="alert firing" />}
      </span>
      <div
        className={classes.track}
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(Math.min(1, value) * 100)}
        aria-valuetext={text}
      >
        <div className={classes.fill} style={{ width: `${Math.min(1, value) * 100}%` }} />
        {threshold !== null && <div className={classes.mark} style={{ left: `${threshold}%` }} />}
      </div>
    </div>
  );
}
