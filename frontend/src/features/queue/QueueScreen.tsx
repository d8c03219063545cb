import { Button } from '@mantine/core';
import { Eraser, Pause, Play, RefreshCw } from 'lucide-react';

import { engine } from '../../api/commands';
import type { QueueCounts } from '../../api/gen/QueueCounts';
import type { ScheduledVisit } from '../../api/gen/ScheduledVisit';
import { DataTable } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Note } from '../../components/Note';
import { Page } from '../../components/Page';
import { Panel } from '../../components/Panel';
import { RelativeTime } from '../../components/RelativeTime';
import { Tile, Tiles } from '../../components/Tiles';
import { duration } from '../../format/units';
import { useModel } from '../../state/hooks';
import { serverHref } from '../../state/route';
import { TableExport } from '../export/ExportMenu';
import { LOCAL, useServerName } from '../servers';
import { attempt } from '../toasts';
import { CollectionTable } from './CollectionTable';
import classes from './Queue.module.css';

const tiles: [keyof QueueCounts, string][] = [
  ['waiting', 'Waiting'],
  ['active', 'Active'],
  ['delayed', 'Delayed'],
  ['completed', 'Completed'],
  ['failed', 'Failed'],
  ['scheduled', 'Scheduled'],
];

function PauseOrResume({ paused }: { paused: boolean }) {
  return paused ? (
    <Button leftSection={<Play size={14} aria-hidden />} onClick={() => void attempt(engine.resume())}>
      Resume
    </Button>
  ) : (
    <Button
      variant="default"
      leftSection={<Pause size={14} aria-hidden />}
      onClick={() => void attempt(engine.pause())}
    >
      Pause
    </Button>
  );
}

export function QueueScreen() {
  const queue = useModel((model) => model.queue);
  return (
    <Page
      title="Queue"
      actions={
        <>
          <PauseOrResume paused={queue.paused} />
          <Button
            variant="default"
            leftSection={<Eraser size={14} aria-hidden />}
            onClick={() => void attempt(engine.clean())}
          >
            Clean
          </Button>
          <Button leftSection={<RefreshCw size={14} aria-hidden />} onClick={() => void attempt(engine.collectAll())}>
            Collect all now
          </Button>
        </>
      }
      below={`At most ${queue.concurrency} at a time. “Clean” removes the collections that have ended.`}
    >
      {queue.paused && (
        <Note
          tone="warn"
          title="The schedule is paused."
          hint="Only collections that you ask for run until you resume it."
        />
      )}
      <Tiles label="Collections by state">
        {tiles.map(([state, name]) => (
          <Tile
            key={state}
            name={name}
            value={queue.counts[state]}
            tone={state === 'failed' && queue.counts.failed > 0 ? 'bad' : undefined}
          />
        ))}
      </Tiles>
      <div className={classes.columns}>
        <Panel title="Collections" actions={<TableExport what="collections" table="collections" server={null} />} flush>
          {queue.collections.length > 0 ? (
            <CollectionTable label="Collections" collections={queue.collections} named />
          ) : (
            <Empty title="No collections are waiting, running or kept." />
          )}
        </Panel>
        <Panel title="Next visits" actions={<TableExport what="next visits" table="visits" server={null} />} flush>
          {queue.scheduled.length > 0 ? <NextVisits visits={queue.scheduled} /> : <NoVisits paused={queue.paused} />}
        </Panel>
      </div>
    </Page>
  );
}

/** This computer stands in no list of visits: it is read at its interval, not visited. */
function NoVisits({ paused }: { paused: boolean }) {
  const scheduled = useModel((model) => model.servers).filter(({ server }) => server.enabled);
  const local = scheduled.find(({ server }) => server.id === LOCAL)?.server;
  if (paused) return <Empty title="None while the schedule is paused." />;
  const others = scheduled.some(({ server }) => server.id !== LOCAL);
  return (
    <Empty title={others ? 'No visit is waiting for its time.' : 'No other server is visited on a schedule.'}>
      {local && <p>This computer is read every {duration(local.interval)}.</p>}
    </Empty>
  );
}

function NextVisits({ visits }: { visits: readonly ScheduledVisit[] }) {
  const name = useServerName();
  return (
    <DataTable
      label="Next visits"
      rows={visits}
      keyOf={({ server, at }) => `${server} ${at}`}
      columns={[
        {
          title: 'Server',
          cell: ({ server }) => (
            <a className={classes.link} href={serverHref(server)}>
              {name(server)}
            </a>
          ),
        },
        { title: 'When', cell: ({ at }) => <RelativeTime at={at} coming /> },
      ]}
    />
  );
}
