import { Button } from '@mantine/core';
import { useState } from 'react';

import type { ServerStorage } from '../../../api/gen/ServerStorage';
import { type Column, DataTable } from '../../../components/DataTable';
import { absolute } from '../../../format/time';
import { bytes, count } from '../../../format/units';
import { useModel } from '../../../state/hooks';
import { serverHref } from '../../../state/route';
import { useServerName } from '../../servers';
import { KeepDialog } from './KeepDialog';
import { daysWords } from './limits';
import classes from './Storage.module.css';

/** So many rows are shown until a person asks for the others. */
const SHOWN = 20;

interface ServerStorageTableProps {
  servers: readonly ServerStorage[];
  onSaved: () => void;
}

/** What the history of each server takes, the largest first, and how long it is kept. */
export function ServerStorageTable({ servers, onSaved }: ServerStorageTableProps) {
  const name = useServerName();
  const common = useModel((model) => model.settings.retention.days);
  const [all, setAll] = useState(false);
  const [changing, setChanging] = useState<ServerStorage | null>(null);
  const sorted = servers.toSorted((one, other) => other.bytes - one.bytes);
  const columns: Column<ServerStorage>[] = [
    { title: 'Server', cell: ({ server }) => <a href={serverHref(server)}>{name(server)}</a> },
    { title: 'Takes', numeric: true, cell: (of) => bytes(of.bytes) },
    { title: 'Collections', numeric: true, cell: ({ collections }) => count(collections) },
    { title: 'Since', cell: ({ first }) => (first === null ? 'No history yet' : absolute(first)) },
    {
      title: 'Kept',
      wide: true,
      cell: ({ days }) => (days === null ? daysWords(common) : <strong>{daysWords(days)}, its own</strong>),
    },
    {
      title: 'Change',
      cell: (of) => (
        <Button
          size="compact-xs"
          variant="default"
          aria-label={`Change how long ${name(of.server)} is kept`}
          onClick={() => {
            setChanging(of);
          }}
        >
          Change
        </Button>
      ),
    },
  ];
  return (
    <>
      <div className={classes.table}>
        <DataTable
          label="History by server"
          columns={columns}
          rows={all ? sorted : sorted.slice(0, SHOWN)}
          keyOf={({ server }) => server}
        />
      </div>
      {!all && sorted.length > SHOWN && (
        <Button
          variant="default"
          className={classes.more}
          onClick={() => {
            setAll(true);
          }}
        >
          Show all {count(sorted.length)} servers
        </Button>
      )}
      {changing && (
        <KeepDialog
          of={changing}
          name={name(changing.server)}
          onClose={() => {
            setChanging(null);
          }}
          onSaved={onSaved}
        />
      )}
    </>
  );
}
