/** Which charts a server has, and of which series each is made. */

import type { Attributes } from '../../../api/gen/Attributes';
import type { Family } from '../../../api/gen/Family';
import type { Metric } from '../../../api/gen/Metric';
import type { Unit } from '../../../api/gen/Unit';

/** The series of one metric in a chart. */
export interface ChartPart {
  metric: Metric;
  label: (attributes: Attributes) => string;
  includes: (attributes: Attributes) => boolean;
  /** Whether lines that are nothing but zero are left out. */
  dropZero?: boolean;
}

export interface ChartSpec {
  title: string;
  unit: Unit;
  /** The top of the axis, where it is known. */
  top?: number;
  /** Who reads it: why it is empty stands under this family. */
  family: Family;
  /** What the lines are, for the note on those that are left out. */
  many: string;
  parts: readonly ChartPart[];
}

function single(metric: Metric, label: string): ChartPart {
  return { metric, label: () => label, includes: () => true };
}

const directionWord: Record<string, string> = { receive: 'in', transmit: 'out', read: 'read', write: 'write' };

/** One line per thing and direction, such as `eth0 in`. */
function directed(metric: Metric, thing: string, direction: string): ChartPart {
  return {
    metric,
    label: (attributes) => {
      const way = attributes[direction] ?? '';
      return `${attributes[thing] ?? ''} ${directionWord[way] ?? way}`.trim();
    },
    includes: () => true,
  };
}

export const chartSpecs: readonly ChartSpec[] = [
  {
    title: 'CPU',
    unit: 'ratio',
    top: 1,
    family: 'cpu',
    many: 'modes',
    parts: [
      single('system.cpu.utilization', 'Total'),
      {
        metric: 'system.cpu.mode.utilization',
        label: (attributes) => attributes['cpu.mode'] ?? '',
        includes: (attributes) => attributes['cpu.mode'] !== 'idle',
        dropZero: true,
      },
    ],
  },
  {
    title: 'Memory',
    unit: 'ratio',
    top: 1,
    family: 'memory',
    many: 'lines',
    parts: [single('system.memory.utilization', 'Memory'), single('system.paging.utilization', 'Swap')],
  },
  {
    title: 'Disk',
    unit: 'ratio',
    top: 1,
    family: 'filesystems',
    many: 'filesystems',
    parts: [
      {
        metric: 'system.filesystem.utilization',
        label: (attributes) => attributes['system.filesystem.mountpoint'] ?? '',
        includes: () => true,
      },
    ],
  },
  {
    title: 'Load',
    unit: 'count',
    family: 'load',
    many: 'lines',
    parts: [
      single('system.cpu.load_average.1m', '1 min'),
      single('system.cpu.load_average.5m', '5 min'),
      single('system.cpu.load_average.15m', '15 min'),
    ],
  },
  {
    title: 'Network',
    unit: 'bytesPerSecond',
    family: 'network',
    many: 'lines with less traffic',
    parts: [directed('system.network.io', 'network.interface.name', 'network.io.direction')],
  },
  {
    title: 'Disk I/O',
    unit: 'bytesPerSecond',
    family: 'diskIo',
    many: 'lines with less traffic',
    parts: [directed('system.disk.io', 'system.device', 'disk.io.direction')],
  },
  {
    title: 'Pressure',
    unit: 'ratio',
    family: 'pressure',
    many: 'lines',
    parts: [
      {
        metric: 'system.pressure.utilization',
        label: (attributes) => attributes['system.pressure.resource'] ?? '',
        // "Full" is contained in "some", and three lines can be told apart.
        includes: (attributes) => attributes['system.pressure.kind'] === 'some',
      },
    ],
  },
  {
    title: 'TCP connections',
    unit: 'count',
    family: 'tcp',
    many: 'states',
    parts: [
      {
        metric: 'system.network.connection.count',
        label: (attributes) => (attributes['network.connection.state'] ?? '').replaceAll('_', ' '),
        includes: () => true,
        dropZero: true,
      },
    ],
  },
];

const familyOf = new Map<Metric, Family>(
  chartSpecs.flatMap(({ family, parts }) => parts.map(({ metric }) => [metric, family] as const)),
);

/** Who reads `metric`, for the metrics that are drawn. */
export function familyOfMetric(metric: Metric): Family | undefined {
  return familyOf.get(metric);
}

export const ranges = [
  { value: '1h', label: '1 h', words: 'last hour', span: 3_600_000 },
  { value: '6h', label: '6 h', words: 'last 6 hours', span: 21_600_000 },
  { value: '24h', label: '24 h', words: 'last 24 hours', span: 86_400_000 },
  { value: '7d', label: '7 d', words: 'last 7 days', span: 604_800_000 },
] as const;

export type Range = (typeof ranges)[number];

/** The shortest range that reaches back to `at`; a day where there is no moment of interest. */
export function rangeFor(at: number | null, now: number): Range {
  const [, , day, week] = ranges;
  if (at === null || now - at <= day.span) return day;
  return week;
}
