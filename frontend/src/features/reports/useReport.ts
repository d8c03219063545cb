import { useRef, useState } from 'react';

import { engine } from '../../api/commands';
import { type CommandError, toCommandError } from '../../api/errors';
import type { ReportEnd } from '../../api/gen/ReportEnd';
import type { ReportRequest } from '../../api/gen/ReportRequest';
import { useEngineEvent } from '../../state/hooks';

export type ReportState =
  | { phase: 'idle' }
  /** `share` from 0 to 1; null until a file was chosen. */
  | { phase: 'running'; share: number | null }
  | { phase: 'saved'; end: Extract<ReportEnd, { end: 'complete' }> }
  | { phase: 'cancelled' }
  | { phase: 'failed'; error: CommandError };

let reports = 0;

/** Progress arrives under the name of a report; another window may make one at the same time. */
function newReportName(): string {
  reports += 1;
  return `report-${Math.round(performance.timeOrigin)}-${reports}`;
}

export interface ReportRun {
  state: ReportState;
  /** Asks where to, and writes the report there. */
  save: (request: ReportRequest) => Promise<void>;
  cancel: () => void;
}

/** One report at a time. */
export function useReport(): ReportRun {
  const [state, setState] = useState<ReportState>({ phase: 'idle' });
  const current = useRef<string | null>(null);

  useEngineEvent((event) => {
    if (event.type !== 'export' || event.id !== current.current) return;
    setState((before) => (before.phase === 'running' ? { phase: 'running', share: event.share } : before));
  });

  const save = async (request: ReportRequest) => {
    const id = newReportName();
    current.current = id;
    setState({ phase: 'running', share: null });
    try {
      const end = await engine.saveReport(id, request);
      // Where no file was chosen, nothing has happened.
      if (end === null) setState({ phase: 'idle' });
      else setState(end.end === 'complete' ? { phase: 'saved', end } : { phase: 'cancelled' });
    } catch (cause) {
      setState({ phase: 'failed', error: toCommandError(cause) });
    } finally {
      current.current = null;
    }
  };

  const cancel = () => {
    if (current.current !== null) void engine.cancelExport(current.current);
  };

  return { state, save, cancel };
}
