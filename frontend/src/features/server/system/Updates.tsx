import { Button, Center } from '@mantine/core';
import { ShieldAlert } from 'lucide-react';
import { useState } from 'react';

import type { Latest } from '../../../api/gen/Latest';
import type { ServerId } from '../../../api/gen/ServerId';
import type { Update } from '../../../api/gen/Update';
import { type Column, DataTable } from '../../../components/DataTable';
import { Empty } from '../../../components/Empty';
import { Panel } from '../../../components/Panel';
import { plural } from '../../../format/words';
import { valueOf } from '../points';
import classes from '../Server.module.css';
import { ReadTable } from './ReadTable';

/** As many as fit beside the other parts of the page. */
const FIRST = 8;

const KIND = 'system.update.kind';

const columns: Column<Update>[] = [
  { title: 'Package', wide: true, cell: ({ name }) => name },
  { title: 'Version', cell: ({ version }) => version ?? '' },
  {
    title: 'Kind',
    cell: ({ security }) =>
      security && (
        <span className={classes.security}>
          <ShieldAlert size={13} aria-hidden /> Security
        </span>
      ),
  },
];

interface UpdatesProps {
  server: ServerId;
  updates: readonly Update[];
  latest: Latest;
}

/** Updates that wait, those that close a hole first. */
export function Updates({ server, updates, latest }: UpdatesProps) {
  const [all, setAll] = useState(false);
  const sorted = [...updates].sort((a, b) => Number(b.security) - Number(a.security));
  // The table is cut off where there are very many; the counts are not.
  const count = valueOf(latest, 'system.update.pending', { [KIND]: 'all' }) ?? updates.length;
  const urgent = valueOf(latest, 'system.update.pending', { [KIND]: 'security' }) ?? 0;
  const words = `${plural(count, 'pending update')}${urgent > 0 ? `, ${urgent} for security` : ''}`;
  return (
    <Panel
      title={count > 0 ? words : 'Pending updates'}
      actions={<ReadTable what="pending updates" table="updates" server={server} at={latest.readAt.updates} />}
      flush
    >
      {sorted.length > 0 ? (
        <>
          <DataTable
            label="Pending updates"
            columns={columns}
            rows={all ? sorted : sorted.slice(0, FIRST)}
            keyOf={({ name, version }) => `${name} ${version ?? ''}`}
          />
          {sorted.length > FIRST && !all && (
            <Center p="xs">
              <Button
                size="compact-xs"
                variant="subtle"
                onClick={() => {
                  setAll(true);
                }}
              >
                Show all {sorted.length}
              </Button>
            </Center>
          )}
        </>
      ) : (
        <Empty title={count > 0 ? 'Their names were not told.' : 'Nothing waits to be installed.'} />
      )}
    </Panel>
  );
}
