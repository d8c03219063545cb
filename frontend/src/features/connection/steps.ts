/** The steps of a test in the order of the way: each host with its steps, and those that are still to come while it runs. */

import type { Family } from '../../api/gen/Family';
import type { Stage } from '../../api/gen/Stage';
import type { TestReport } from '../../api/gen/TestReport';
import type { TestStep } from '../../api/gen/TestStep';

export type Outcome = TestStep['outcome'] | 'running' | 'pending';

export interface ShownStep {
  stage: Stage;
  outcome: Outcome;
  /** Absent while it is not known. */
  step: TestStep | undefined;
}

export interface StepGroup {
  /** The jump host; null for the server itself and for what is done before anything is dialled. */
  hop: string | null;
  key: string;
  steps: ShownStep[];
}

export interface ShownFamily {
  family: Family;
  millis: number | null;
  /** Why it is not available; null where it was read. */
  reason: string | null;
  /** What is missing of it, where it was read in part. */
  missing: string | null;
}

const OF_JUMP: readonly Stage[] = ['credential', 'resolve', 'connect', 'keyExchange', 'hostKey', 'login'];
const OF_SERVER: readonly Stage[] = [...OF_JUMP, 'shell', 'probe'];

interface Place {
  hop: string | null;
  key: string;
  stages: readonly Stage[];
}

/** Steps of a report that stands on its own name the jump hosts themselves. */
export function jumpsIn(steps: readonly TestStep[]): string[] {
  return [...new Set(steps.map(({ hop }) => hop).filter((hop) => hop !== null))];
}

/** Credentials are read for the whole way first, unless one of them turns out to be missing at its host. */
function places(jumps: readonly string[]): Place[] {
  if (jumps.length === 0) return [{ hop: null, key: 'server', stages: OF_SERVER }];
  return [
    { hop: null, key: 'before', stages: ['credential'] },
    ...jumps.map((hop) => ({ hop, key: `jump ${hop}`, stages: OF_JUMP })),
    { hop: null, key: 'server', stages: OF_SERVER.filter((stage) => stage !== 'credential') },
  ];
}

/** The step of a stage as a whole: reading single families is not one. */
function find(steps: readonly TestStep[], hop: string | null, stage: Stage): TestStep | undefined {
  return steps.find((step) => step.stage === stage && step.hop === hop && step.family === null);
}

/** How reading went as a whole, where only its families were told. */
function outcomeOf(families: readonly TestStep[], running: boolean): Outcome {
  if (families.some(({ outcome }) => outcome === 'failed')) return 'failed';
  return running ? 'running' : families.some(({ outcome }) => outcome === 'passed') ? 'passed' : 'notReached';
}

/** The groups of `steps` on the way over `jumps`; while it is `running` with those that are to come. */
export function stepGroups(steps: readonly TestStep[], jumps: readonly string[], running: boolean): StepGroup[] {
  const all = places(jumps);
  const row = all.flatMap(({ hop, stages }) => stages.map((stage) => find(steps, hop, stage)));
  const last = row.findLastIndex((step) => step !== undefined);
  const failed = steps.some(({ outcome, family }) => outcome === 'failed' && family === null);
  const families = steps.filter(({ stage, family }) => stage === 'probe' && family !== null);
  let position = -1;
  let next = running && !failed;
  const groups = all.map(({ hop, key, stages }) => {
    const shown = stages.flatMap((stage): ShownStep[] => {
      position += 1;
      const step = row[position];
      if (step) return [{ stage, outcome: step.outcome, step }];
      if (stage === 'probe' && families.length > 0) return [{ stage, outcome: outcomeOf(families, running), step }];
      // What was passed by without a step does not exist on this way, such as a name that the jump host looks up.
      const optional = hop !== null && stage === 'credential';
      if (!running || position < last || optional) return [];
      const outcome: Outcome = next ? 'running' : 'pending';
      next = false;
      return [{ stage, outcome, step: undefined }];
    });
    return { hop, key, steps: shown };
  });
  return groups.filter(({ steps: shown }) => shown.length > 0);
}

/** The families that were read, in the order in which they were, then those that are not available. Where none was reached, none. */
export function shownFamilies(steps: readonly TestStep[], unavailable: TestReport['unavailable']): ShownFamily[] {
  const gone = unavailable.filter(({ partial }) => !partial);
  const read = steps.flatMap(({ family, millis, outcome, detail }): ShownFamily[] => {
    if (family === null || outcome === 'notReached' || gone.some((one) => one.family === family)) return [];
    return [
      {
        family,
        millis,
        ...(outcome === 'passed' ? { reason: null, missing: detail } : { reason: detail, missing: null }),
      },
    ];
  });
  const rest = gone.map(({ family, reason }) => ({ family, millis: null, reason, missing: null }));
  return [...read, ...rest].sort((a, b) => Number(a.reason !== null) - Number(b.reason !== null));
}
