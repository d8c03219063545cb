import type { Container } from '../../../api/gen/Container';
import type { ServerId } from '../../../api/gen/ServerId';
import type { UnixMillis } from '../../../api/gen/UnixMillis';
import { Absent } from '../../../components/Absent';
import { type Column, DataTable } from '../../../components/DataTable';
import { Empty } from '../../../components/Empty';
import { Panel } from '../../../components/Panel';
import { bytes, percent } from '../../../format/units';
import { ReadTable } from './ReadTable';

const NOT_RUNNING = 'Only known of containers that run.';

const columns: Column<Container>[] = [
  { title: 'Name', cell: ({ name }) => name },
  { title: 'Image', wide: true, cell: ({ image }) => image },
  { title: 'State', cell: ({ state, status }) => <span title={status}>{state}</span> },
  { title: 'Says', cell: ({ status }) => status },
  { title: 'CPU', numeric: true, cell: ({ cpu }) => (cpu === null ? <Absent reason={NOT_RUNNING} /> : percent(cpu)) },
  {
    title: 'Memory',
    numeric: true,
    cell: ({ memory }) => (memory === null ? <Absent reason={NOT_RUNNING} /> : bytes(memory)),
  },
  { title: 'Engine', cell: ({ engine }) => engine },
];

interface ContainersProps {
  server: ServerId;
  containers: readonly Container[];
  readAt: UnixMillis | undefined;
}

/** The containers of every engine. */
export function Containers({ server, containers, readAt }: ContainersProps) {
  return (
    <Panel
      title="Containers"
      actions={<ReadTable what="containers" table="containers" server={server} at={readAt} />}
      flush
    >
      {containers.length > 0 ? (
        <DataTable
          label="Containers"
          columns={columns}
          rows={containers}
          keyOf={({ engine, name }) => `${engine} ${name}`}
        />
      ) : (
        <Empty title="There is no container." />
      )}
    </Panel>
  );
}
