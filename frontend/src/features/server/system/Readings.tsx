/** Compact tables of single values: one for each family, and none where nothing was read. */

import type { ReactNode } from 'react';

import type { Latest } from '../../../api/gen/Latest';
import type { Metric } from '../../../api/gen/Metric';
import { Absent } from '../../../components/Absent';
import { DataTable } from '../../../components/DataTable';
import { Meter } from '../../../components/Meter';
import { Panel } from '../../../components/Panel';
import { bytes, celsius, count, percent } from '../../../format/units';
import { pointsBy, valueOf } from '../points';
import { ReadAt } from './ReadAt';

interface Reading {
  name: string;
  value: ReactNode;
}

interface ReadingsProps {
  title: string;
  /** What the first column names. */
  what: string;
  family: keyof Latest['readAt'];
  latest: Latest;
  rows: readonly Reading[];
}

function Readings({ title, what, family, latest, rows }: ReadingsProps) {
  if (rows.length === 0) return null;
  return (
    <Panel title={title} actions={<ReadAt at={latest.readAt[family]} />} flush>
      <DataTable
        label={title}
        columns={[
          { title: what, wide: true, cell: ({ name }: Reading) => name },
          { title: 'Now', numeric: true, cell: ({ value }: Reading) => value },
        ]}
        rows={rows}
        keyOf={({ name }) => name}
      />
    </Panel>
  );
}

/** Busiest first. */
export function Tcp({ latest }: { latest: Latest }) {
  const rows = [...pointsBy(latest, 'system.network.connection.count', 'network.connection.state')]
    .filter(([, amount]) => amount > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([state, amount]) => ({ name: state.replaceAll('_', ' '), value: count(amount) }));
  return <Readings title="TCP connections" what="State" family="tcp" latest={latest} rows={rows} />;
}

const resources = [
  ['cpu', 'CPU'],
  ['memory', 'Memory'],
  ['io', 'Disks'],
] as const;

/** For how much of the last ten seconds some tasks, or all of them, had to wait. */
export function Pressure({ latest }: { latest: Latest }) {
  const value = (resource: string, kind: string) =>
    valueOf(latest, 'system.pressure.utilization', {
      'system.pressure.resource': resource,
      'system.pressure.kind': kind,
    });
  const rows = resources
    .map(([resource, name]) => ({ name, some: value(resource, 'some'), full: value(resource, 'full') }))
    .filter(({ some }) => some !== null);
  if (rows.length === 0) return null;
  const shown = (ratio: number | null) => (ratio === null ? <Absent /> : percent(ratio));
  return (
    <Panel title="Pressure" actions={<ReadAt at={latest.readAt.pressure} />} flush>
      <DataTable
        label="Pressure"
        columns={[
          { title: 'Waited for', wide: true, cell: ({ name }: (typeof rows)[number]) => name },
          { title: 'Some tasks', numeric: true, cell: ({ some }) => shown(some) },
          { title: 'All tasks', numeric: true, cell: ({ full }) => shown(full) },
        ]}
        rows={rows}
        keyOf={({ name }) => name}
      />
    </Panel>
  );
}

/** Hottest first. */
export function Temperatures({ latest }: { latest: Latest }) {
  const rows = [...pointsBy(latest, 'hw.temperature', 'hw.name')]
    .sort(([, a], [, b]) => b - a)
    .map(([name, degrees]) => ({ name, value: celsius(degrees) }));
  return <Readings title="Temperatures" what="Sensor" family="temperatures" latest={latest} rows={rows} />;
}

export function Gpus({ latest }: { latest: Latest }) {
  const by = (metric: Metric) => pointsBy(latest, metric, 'hw.gpu');
  const [busy, used, size, heat] = [
    by('hw.gpu.utilization'),
    by('hw.gpu.memory.usage'),
    by('hw.gpu.memory.limit'),
    by('hw.gpu.temperature'),
  ];
  const names = [...new Set([...busy.keys(), ...used.keys(), ...heat.keys()])];
  const shown = (value: number | undefined, format: (value: number) => string) =>
    value === undefined ? <Absent /> : format(value);
  const rows = names.map((name) => ({
    name,
    value: (
      <>
        <div>{shown(busy.get(name), percent)}</div>
        <div>
          {shown(used.get(name), bytes)} of {shown(size.get(name), bytes)}
        </div>
        <div>{shown(heat.get(name), celsius)}</div>
      </>
    ),
  }));
  return <Readings title="GPUs" what="GPU" family="gpus" latest={latest} rows={rows} />;
}

export function Batteries({ latest }: { latest: Latest }) {
  const draining = pointsBy(latest, 'hw.battery.discharging', 'hw.battery');
  const rows = [...pointsBy(latest, 'hw.battery.charge', 'hw.battery')].map(([name, charge]) => ({
    name: (draining.get(name) ?? 0) > 0 ? `${name}, being drained` : name,
    value: <Meter label={`Charge of ${name}`} value={charge} />,
  }));
  return <Readings title="Batteries" what="Battery" family="batteries" latest={latest} rows={rows} />;
}

export function FileHandles({ latest }: { latest: Latest }) {
  const open = valueOf(latest, 'system.file_handle.count');
  const limit = valueOf(latest, 'system.file_handle.limit');
  const rows = open === null ? [] : [{ name: 'Open', value: count(open) }];
  if (limit !== null) rows.push({ name: 'Limit', value: count(limit) });
  return <Readings title="File handles" what="Handles" family="fileHandles" latest={latest} rows={rows} />;
}
