import { Skeleton } from '@mantine/core';
import { useMemo } from 'react';

import type { FilesystemForecast } from '../../api/gen/FilesystemForecast';
import type { Latest } from '../../api/gen/Latest';
import type { Metric } from '../../api/gen/Metric';
import type { ServerView } from '../../api/gen/ServerView';
import { Absent } from '../../components/Absent';
import { type Column, DataTable } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Meter } from '../../components/Meter';
import { Panel } from '../../components/Panel';
import { bytes, count, forecast } from '../../format/units';
import { TableExport } from '../export/ExportMenu';
import { isOff, missingOf, reasonFor, SWITCHED_OFF } from '../unavailable';

const MOUNT = 'system.filesystem.mountpoint';
const DEVICE = 'system.device';
const STATE = 'system.filesystem.state';

interface Filesystem {
  mount: string;
  device: string;
  value: (metric: Metric, state?: string) => number | null;
  forecast: FilesystemForecast | null;
}

/** More rows than this nobody reads, and the window would spend its time on them. */
const MOST_ROWS = 100;

const byName = new Intl.Collator(undefined, { numeric: true });

function share({ value }: Filesystem): number {
  return value('system.filesystem.utilization') ?? -1;
}

/** The fullest, where there are more than can be shown; by name. */
function shown(rows: readonly Filesystem[]): Filesystem[] {
  const fullest =
    rows.length > MOST_ROWS ? rows.toSorted((a, b) => share(b) - share(a)).slice(0, MOST_ROWS) : [...rows];
  return fullest.sort((a, b) => byName.compare(a.mount, b.mount));
}

/** Every mount that any of the newest values speaks of. */
function filesystems(latest: Latest): Filesystem[] {
  const values = new Map<string, { mount: string; device: string; values: Map<string, number> }>();
  for (const { metric, attributes, value } of latest.points) {
    const mount = attributes[MOUNT];
    if (mount === undefined) continue;
    const device = attributes[DEVICE] ?? '';
    const key = JSON.stringify([mount, device]);
    const known = values.get(key) ?? { mount, device, values: new Map<string, number>() };
    known.values.set(`${metric} ${attributes[STATE] ?? ''}`, value);
    values.set(key, known);
  }
  return [...values.values()].map(({ mount, device, values: own }) => ({
    mount,
    device,
    value: (metric, state = '') => own.get(`${metric} ${state}`) ?? null,
    forecast: latest.tables.forecasts?.find((it) => it.mountpoint === mount && it.device === device) ?? null,
  }));
}

function amount(value: number | null, format: (value: number) => string) {
  return value === null ? <Absent /> : format(value);
}

const NO_FORECAST =
  'Its history is too short, shows no clear trend, or fills it in a time that is too far away to tell.';

const fullIn: Column<Filesystem> = {
  title: 'Full in',
  cell: ({ forecast: known }) => (known ? forecast(known) : <Absent reason={NO_FORECAST} />),
  order: ({ forecast: known }) => known?.fullIn ?? null,
};

const columns: Column<Filesystem>[] = [
  { title: 'Mounted on', wide: true, cell: ({ mount }) => mount, order: ({ mount }) => mount },
  { title: 'Device', cell: ({ device }) => device },
  {
    title: 'Size',
    numeric: true,
    cell: ({ value }) => amount(value('system.filesystem.limit'), bytes),
    order: ({ value }) => value('system.filesystem.limit'),
  },
  {
    title: 'Used',
    numeric: true,
    cell: ({ value }) => amount(value('system.filesystem.usage', 'used'), bytes),
    order: ({ value }) => value('system.filesystem.usage', 'used'),
  },
  {
    title: 'Free',
    numeric: true,
    cell: ({ value }) => amount(value('system.filesystem.usage', 'free'), bytes),
    order: ({ value }) => value('system.filesystem.usage', 'free'),
  },
  {
    title: 'Share',
    cell: ({ value, mount }) => <Meter label={`Space on ${mount}`} value={value('system.filesystem.utilization')} />,
    order: ({ value }) => value('system.filesystem.utilization'),
  },
  fullIn,
  {
    title: 'Inodes used',
    numeric: true,
    cell: ({ value }) => amount(value('system.filesystem.inodes', 'used'), count),
  },
  {
    title: 'Inodes',
    cell: ({ value, mount }) => (
      <Meter
        label={`Inodes on ${mount}`}
        value={value('system.filesystem.inodes.utilization')}
        reason="This filesystem does not count inodes."
      />
    ),
  },
];

const columnsWithoutForecast = columns.filter((column) => column !== fullIn);

interface FilesystemsProps {
  view: ServerView;
  latest: Latest | undefined;
  loading: boolean;
}

/** Every mounted filesystem with its space and its inodes. */
export function Filesystems({ view: { server }, latest, loading }: FilesystemsProps) {
  const off = isOff(server, 'filesystems');
  const all = useMemo(() => (latest && !off ? filesystems(latest) : []), [latest, off]);
  const rows = useMemo(() => shown(all), [all]);
  const foreseen = all.some((filesystem) => filesystem.forecast !== null);
  const reason = reasonFor(latest, 'filesystems');
  const missing = off ? undefined : missingOf(latest, 'filesystems');
  return (
    <Panel
      title="Filesystems"
      actions={all.length > 0 && <TableExport what="filesystems" table="filesystems" server={server.id} />}
      flush
    >
      {rows.length > 0 && (
        <DataTable
          label="Filesystems"
          columns={foreseen ? columns : columnsWithoutForecast}
          rows={rows}
          keyOf={({ mount, device }) => `${mount} ${device}`}
        />
      )}
      {missing !== undefined && (
        <Empty title="Not complete">
          <p>{missing}</p>
        </Empty>
      )}
      {rows.length < all.length && (
        <Empty title={`The ${rows.length} fullest of ${count(all.length)} filesystems that are kept`}>
          <p>All of these are in the history and in `hostrounds server show`.</p>
        </Empty>
      )}
      {rows.length === 0 && loading && !off && (
        <Skeleton height={40} m="sm" width="auto" role="status" aria-label="Loading filesystems" />
      )}
      {off && <Empty title={SWITCHED_OFF} />}
      {rows.length === 0 && !loading && !off && (
        <Empty title={reason === undefined ? 'Not observed yet' : 'Not available'}>
          {reason !== undefined && <p>{reason}</p>}
        </Empty>
      )}
    </Panel>
  );
}
