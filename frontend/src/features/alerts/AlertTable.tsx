import type { Alert } from '../../api/gen/Alert';
import type { RuleKind } from '../../api/gen/RuleKind';
import { type Column, DataTable } from '../../components/DataTable';
import { RelativeTime } from '../../components/RelativeTime';
import { AlertStateBadge } from '../../components/StateBadge';
import { duration, quantity } from '../../format/units';
import { ruleUnit, ruleWord } from '../../format/words';
import { serverHref } from '../../state/route';
import classes from './Alerts.module.css';

function inUnitOf(rule: RuleKind, value: number | null): string {
  return value === null ? '' : quantity(value, ruleUnit[rule]);
}

const columns: Column<Alert>[] = [
  { title: 'State', cell: ({ state }) => <AlertStateBadge state={state} /> },
  { title: 'Rule', cell: ({ rule }) => ruleWord[rule] },
  {
    title: 'What',
    wide: true,
    cell: ({ message, resolution, server, firedAt }) => (
      <>
        <a className={classes.link} href={serverHref(server, firedAt)}>
          {message}
        </a>
        {resolution !== null && <div className={classes.resolution}>{resolution}</div>}
      </>
    ),
  },
  { title: 'Value', numeric: true, cell: ({ rule, value }) => inUnitOf(rule, value) },
  { title: 'Threshold', numeric: true, cell: ({ rule, threshold }) => inUnitOf(rule, threshold) },
  { title: 'Fired', cell: ({ firedAt }) => <RelativeTime at={firedAt} /> },
  {
    title: 'Lasted',
    cell: ({ firedAt, resolvedAt }) =>
      resolvedAt === null ? 'still firing' : duration((resolvedAt - firedAt) / 1_000),
  },
];

export function AlertTable({ label, alerts }: { label: string; alerts: readonly Alert[] }) {
  return <DataTable label={label} columns={columns} rows={alerts} keyOf={({ id }) => id} />;
}
