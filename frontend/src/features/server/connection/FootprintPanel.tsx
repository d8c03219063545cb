import { useCallback, useEffect, useRef } from 'react';

import { engine } from '../../../api/commands';
import type { FootprintDay } from '../../../api/gen/FootprintDay';
import type { FootprintReport } from '../../../api/gen/FootprintReport';
import type { ServerView } from '../../../api/gen/ServerView';
import { useNow } from '../../../components/clock';
import { type Column, DataTable } from '../../../components/DataTable';
import { Empty } from '../../../components/Empty';
import { Meter } from '../../../components/Meter';
import { Note } from '../../../components/Note';
import { Panel } from '../../../components/Panel';
import { dayInUtc } from '../../../format/time';
import { bytes, count, cpuTime, millis } from '../../../format/units';
import { TableExport } from '../../export/ExportMenu';
import { Loaded } from '../../Loaded';
import { useFetched } from '../../useFetched';
import classes from './ConnectionPart.module.css';

const DAYS = 14;

const columns: Column<FootprintDay>[] = [
  { title: 'Day (UTC)', cell: ({ day }) => dayInUtc(day) },
  { title: 'Collections', numeric: true, cell: ({ footprint }) => count(footprint.collections) },
  { title: 'Logins', numeric: true, cell: ({ footprint }) => count(footprint.logins) },
  { title: 'Channels', numeric: true, cell: ({ footprint }) => count(footprint.channels) },
  { title: 'Received', numeric: true, cell: ({ footprint }) => bytes(footprint.received) },
  { title: 'Sent', numeric: true, cell: ({ footprint }) => bytes(footprint.sent) },
  { title: 'CPU', numeric: true, cell: ({ footprint }) => cpuTime(footprint.cpu) },
  { title: 'Start-up files', numeric: true, cell: ({ footprint }) => cpuTime(footprint.startUp) },
];

/** What watching costs the server, day by day, beside what it may cost. */
export function FootprintPanel({ view: { server, lastSeen } }: { view: ServerView }) {
  const report = useFetched(useCallback(() => engine.footprint(server.id, DAYS), [server.id]));
  const { again } = report;
  // Every visit adds to it, and no event carries it.
  const seen = useRef(lastSeen);
  useEffect(() => {
    if (seen.current === lastSeen) return;
    seen.current = lastSeen;
    again();
  }, [lastSeen, again]);
  return (
    <Panel
      title="What watching it costs"
      actions={<TableExport what="footprint" table="footprint" server={server.id} />}
    >
      <Loaded what="the footprint" fetched={report}>
        {(its) => <Report report={its} />}
      </Loaded>
    </Panel>
  );
}

/** Where a day began in UTC. */
function startOfDay(now: number): number {
  return now - (now % 86_400_000);
}

function Report({ report: { days, budget, overBudget, slowStartUp } }: { report: FootprintReport }) {
  const now = useNow();
  if (days.length === 0) return <Empty title="It was not visited in the last 14 days." />;
  const today = days.find(({ day }) => day === startOfDay(now))?.footprint;
  return (
    <div className={classes.body}>
      {overBudget.length > 0 && (
        <Note
          tone="warn"
          title={`Over the budget of today: ${overBudget.join('; ')}`}
          hint="Nothing is stopped by it. Visit it less often, or switch families off that you do not need."
        />
      )}
      {slowStartUp !== null && (
        <Note
          tone="warn"
          title={`The start-up files of its shell take ${millis(slowStartUp)} of CPU at every login`}
          hint="Look at .bashrc, .zshrc, config.fish or .tcshrc of this user on the server: what only people need belongs behind a test for an interactive shell."
        />
      )}
      <dl className={classes.spent} aria-label="Today against the budget">
        <Spent name="Logins today" spent={today?.logins ?? 0} budget={budget.logins} format={count} />
        <Spent
          name="Transferred today"
          spent={(today?.received ?? 0) + (today?.sent ?? 0)}
          budget={budget.bytes}
          format={bytes}
        />
        <Spent name="CPU of the server today" spent={today?.cpu ?? 0} budget={budget.cpu} format={cpuTime} />
      </dl>
      <div className={classes.days}>
        <DataTable label="Footprint by day" columns={columns} rows={days} keyOf={({ day }) => day} />
      </div>
    </div>
  );
}

interface SpentProps {
  name: string;
  spent: number;
  budget: number | null;
  format: (value: number) => string;
}

function Spent({ name, spent, budget, format }: SpentProps) {
  const over = budget !== null && spent > budget;
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span>
          <span className={`${classes.value ?? ''} ${over ? (classes.over ?? '') : ''}`}>{format(spent)}</span>{' '}
          <span className={classes.quiet}>{budget === null ? 'no budget' : `of ${format(budget)}`}</span>
        </span>
        {budget !== null && budget > 0 && (
          <Meter label={`${name}, of the budget`} value={spent / budget} firing={over} />
        )}
      </dd>
    </div>
  );
}
