import type { FailedUnit } from '../../../api/gen/FailedUnit';
import type { ServerId } from '../../../api/gen/ServerId';
import type { UnixMillis } from '../../../api/gen/UnixMillis';
import type { UserSession } from '../../../api/gen/UserSession';
import { type Column, DataTable } from '../../../components/DataTable';
import { Empty } from '../../../components/Empty';
import { Note } from '../../../components/Note';
import { Panel } from '../../../components/Panel';
import { ReadAt } from './ReadAt';
import { ReadTable } from './ReadTable';

const unitColumns: Column<FailedUnit>[] = [
  { title: 'Unit', cell: ({ name }) => name },
  { title: 'Description', wide: true, cell: ({ description }) => description },
];

const userColumns: Column<UserSession>[] = [
  { title: 'User', wide: true, cell: ({ user }) => user },
  { title: 'Terminal', cell: ({ terminal }) => terminal },
  { title: 'From', cell: ({ from }) => from ?? '' },
  { title: 'Since', cell: ({ since }) => since ?? '' },
];

interface Read {
  readAt: UnixMillis | undefined;
}

interface ReadHere extends Read {
  server: ServerId;
}

export function FailedUnits({ server, units, readAt }: ReadHere & { units: readonly FailedUnit[] }) {
  return (
    <Panel
      title="Failed units"
      actions={<ReadTable what="failed units" table="units" server={server} at={readAt} />}
      flush
    >
      {units.length > 0 ? (
        <DataTable label="Failed units" columns={unitColumns} rows={units} keyOf={({ name }) => name} />
      ) : (
        <Empty title="No unit has failed." />
      )}
    </Panel>
  );
}

export function Users({ server, users, readAt }: ReadHere & { users: readonly UserSession[] }) {
  return (
    <Panel
      title="Logged-in users"
      actions={<ReadTable what="logged-in users" table="users" server={server} at={readAt} />}
      flush
    >
      {users.length > 0 ? (
        <DataTable
          label="Logged-in users"
          columns={userColumns}
          rows={users}
          keyOf={({ user, terminal, from, since }) => `${user} ${terminal} ${from ?? ''} ${since ?? ''}`}
        />
      ) : (
        <Empty title="Nobody is logged in." />
      )}
    </Panel>
  );
}

export function Reboot({ reasons, readAt }: Read & { reasons: readonly string[] }) {
  return (
    <Panel title="Reboot" actions={<ReadAt at={readAt} />}>
      {reasons.length > 0 ? (
        <Note tone="warn" title="A reboot is required" hint={reasons.join(', ')} />
      ) : (
        <Empty title="No reboot is required." />
      )}
    </Panel>
  );
}
