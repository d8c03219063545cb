import { Group, Skeleton } from '@mantine/core';

import type { Latest } from '../../api/gen/Latest';
import type { Process } from '../../api/gen/Process';
import type { ServerView } from '../../api/gen/ServerView';
import { Absent } from '../../components/Absent';
import { type Column, DataTable } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Panel } from '../../components/Panel';
import { RelativeTime } from '../../components/RelativeTime';
import { bytes, bytesPerSecond, count, percent } from '../../format/units';
import { TableExport } from '../export/ExportMenu';
import { isOff, reasonFor, SWITCHED_OFF } from '../unavailable';
import classes from './Server.module.css';

const PRIVATE = 'Only root may read this of the processes of others; rates are known from the second reading on.';

function shown(value: number | null, format: (value: number) => string) {
  return value === null ? <Absent reason={PRIVATE} /> : format(value);
}

const columns: Column<Process>[] = [
  {
    title: 'Process',
    wide: true,
    cell: ({ name, user, pid }) => <ProcessName name={name} about={`${user ?? 'user not available'}, ${pid}`} />,
  },
  {
    title: 'CPU',
    numeric: true,
    cell: ({ cpu }) => (cpu === null ? <Absent reason="Known from the second reading on." /> : percent(cpu)),
  },
  { title: 'Memory', numeric: true, cell: ({ memory }) => bytes(memory) },
  { title: 'Threads', numeric: true, cell: ({ threads }) => (threads === null ? <Absent /> : count(threads)) },
  { title: 'Read', numeric: true, cell: ({ diskRead }) => shown(diskRead, bytesPerSecond) },
  { title: 'Written', numeric: true, cell: ({ diskWritten }) => shown(diskWritten, bytesPerSecond) },
  { title: 'Handles', numeric: true, cell: ({ handles }) => shown(handles, count) },
  { title: 'State', cell: ({ state }) => state },
];

function ProcessName({ name, about }: { name: string; about: string }) {
  return (
    <>
      {name} <span className={classes.quiet}>{about}</span>
    </>
  );
}

interface ProcessesProps {
  view: ServerView;
  latest: Latest | undefined;
  loading: boolean;
}

/** The busiest processes, by CPU and by memory. */
export function Processes({ view: { server }, latest, loading }: ProcessesProps) {
  const top = latest?.processes ?? null;
  const missing = (what: string) => {
    if (isOff(server, 'processes')) return <Empty title={SWITCHED_OFF} />;
    if (loading) return <Skeleton height={60} m="sm" width="auto" role="status" aria-label="Loading processes" />;
    const reason = reasonFor(latest, 'processes');
    if (reason !== undefined) return <Empty title="Not available">{<p>{reason}</p>}</Empty>;
    return <Empty title={what} />;
  };
  const list = (label: string, rows: readonly Process[] | undefined, what: string) =>
    rows && rows.length > 0 ? (
      <DataTable label={label} columns={columns} rows={rows} keyOf={({ pid }) => pid} />
    ) : (
      missing(what)
    );
  const actions = top && (
    <Group gap="xs">
      <span className={classes.quiet}>
        read <RelativeTime at={top.at} />
      </span>
      <TableExport what="processes" table="processes" server={server.id} />
    </Group>
  );
  return (
    <div className={classes.halves} data-tables="wide">
      <Panel title="Top processes by CPU" actions={actions} flush>
        {list('Top processes by CPU', top?.byCpu, top ? 'Known from the second reading on.' : 'Not observed yet')}
      </Panel>
      <Panel title="Top processes by memory" actions={actions} flush>
        {list('Top processes by memory', top?.byMemory, 'Not observed yet')}
      </Panel>
    </div>
  );
}
