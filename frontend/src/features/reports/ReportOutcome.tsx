import { Button, Progress } from '@mantine/core';

import { Note } from '../../components/Note';
import { bytes, percent } from '../../format/units';
import { plural } from '../../format/words';
import classes from './Reports.module.css';
import type { ReportState } from './useReport';

/** How far the report is, or how it ended. */
export function ReportOutcome({ state, onCancel }: { state: ReportState; onCancel: () => void }) {
  switch (state.phase) {
    case 'idle':
      return null;
    case 'running':
      return (
        <div className={classes.running}>
          <Progress.Root className={classes.progress}>
            <Progress.Section value={(state.share ?? 0) * 100} aria-label="Report" animated={state.share !== null} />
          </Progress.Root>
          <span role="status">
            {state.share === null ? 'Choose where to save it' : `Reading the history: ${percent(state.share)}`}
          </span>
          {state.share !== null && (
            <Button variant="default" size="xs" onClick={onCancel}>
              Cancel
            </Button>
          )}
        </div>
      );
    case 'saved': {
      const { file, servers, bytes: size } = state.end;
      return (
        <div role="status">
          <Note tone="good" title={`${file ?? 'The report'} is saved.`}>
            <p>
              {plural(servers, 'server')}, {bytes(size)}. Any browser opens it; it loads nothing from anywhere.
            </p>
          </Note>
        </div>
      );
    }
    case 'cancelled':
      return (
        <div role="status">
          <Note tone="info" title="The report was cancelled. No file was left." />
        </div>
      );
    case 'failed':
      return <Note tone="bad" urgent title={state.error.message} hint={state.error.hint} />;
  }
}
