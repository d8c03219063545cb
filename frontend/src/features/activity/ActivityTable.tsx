import type { Activity } from '../../api/gen/Activity';
import { type Column, DataTable } from '../../components/DataTable';
import { absolute } from '../../format/time';
import { activityWord } from '../../format/words';

const columns: Column<Activity>[] = [
  { title: 'When', cell: ({ at }) => <time dateTime={new Date(at).toISOString()}>{absolute(at)}</time> },
  { title: 'What', cell: ({ kind }) => activityWord[kind] },
  { title: 'Details', wide: true, cell: ({ message }) => message },
];

export function ActivityTable({ label, entries }: { label: string; entries: readonly Activity[] }) {
  return <DataTable label={label} columns={columns} rows={entries} keyOf={({ id }) => id} />;
}
