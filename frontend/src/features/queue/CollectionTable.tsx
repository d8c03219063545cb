import { Button } from '@mantine/core';
import { RotateCcw } from 'lucide-react';

import { engine } from '../../api/commands';
import type { Collection } from '../../api/gen/Collection';
import { type Column, DataTable } from '../../components/DataTable';
import { RelativeTime } from '../../components/RelativeTime';
import { Stages } from '../../components/Stages';
import { CollectionStateBadge } from '../../components/StateBadge';
import { plural, triggerWord } from '../../format/words';
import { serverHref } from '../../state/route';
import { useServerName } from '../servers';
import { attempt } from '../toasts';
import classes from './Queue.module.css';

function When({ collection: { state, retryAt, endedAt, startedAt, queuedAt } }: { collection: Collection }) {
  if (state === 'delayed' && retryAt !== null) {
    return (
      <>
        again <RelativeTime at={retryAt} coming />
      </>
    );
  }
  return <RelativeTime at={endedAt ?? startedAt ?? queuedAt} />;
}

function Retry({ collection }: { collection: Collection }) {
  const name = useServerName();
  return (
    <Button
      size="compact-xs"
      variant="light"
      leftSection={<RotateCcw size={12} aria-hidden />}
      aria-label={`Retry ${name(collection.server)}`}
      onClick={() => void attempt(engine.retry(collection.id))}
    >
      Retry
    </Button>
  );
}

function Outcome({ collection }: { collection: Collection }) {
  const { failure, stages, state, points } = collection;
  return (
    <div className={classes.outcome}>
      {failure && (
        <p>
          <strong>{failure.message}</strong> <span className={classes.quiet}>{failure.hint}</span>
        </p>
      )}
      {(stages.length > 0 || failure) && <Stages stages={stages} />}
      {state === 'completed' && <span className={classes.quiet}>{plural(points, 'value')}</span>}
      {state === 'waiting' && <span className={classes.quiet}>Waiting for a free place</span>}
      {state === 'active' && stages.length === 0 && <span className={classes.quiet}>Running</span>}
      {state === 'failed' && <Retry collection={collection} />}
    </div>
  );
}

interface CollectionTableProps {
  label: string;
  collections: readonly Collection[];
  /** Whether the rows belong to several servers. */
  named: boolean;
}

/** Visits with their stages, and why they failed. */
export function CollectionTable({ label, collections, named }: CollectionTableProps) {
  const name = useServerName();
  const server: Column<Collection> = {
    title: 'Server',
    cell: (collection) => (
      <a className={classes.link} href={serverHref(collection.server)}>
        {name(collection.server)}
      </a>
    ),
  };
  const columns: Column<Collection>[] = [
    {
      title: 'State',
      cell: (collection) => (
        <div className={classes.pair}>
          <CollectionStateBadge state={collection.state} />
          <span className={classes.quiet}>
            <When collection={collection} />
          </span>
        </div>
      ),
    },
    {
      title: 'Trigger',
      cell: ({ trigger, attempts, maxAttempts }) => (
        <div className={classes.pair}>
          <span>{triggerWord[trigger]}</span>
          <span className={classes.quiet}>{attempts > 0 ? `attempt ${attempts} of ${maxAttempts}` : 'not begun'}</span>
        </div>
      ),
    },
    { title: 'Stages and outcome', wide: true, cell: (collection) => <Outcome collection={collection} /> },
  ];
  return (
    <DataTable
      label={label}
      columns={named ? [server, ...columns] : columns}
      rows={collections}
      keyOf={({ id }) => id}
    />
  );
}
