import { useCallback } from 'react';

import { engine } from '../../api/commands';
import type { ServerId } from '../../api/gen/ServerId';
import { Empty } from '../../components/Empty';
import { Panel } from '../../components/Panel';
import { useEngineEvent } from '../../state/hooks';
import { upsert } from '../../state/model';
import { ActivityLog } from '../activity/ActivityLog';
import { AlertTable } from '../alerts/AlertTable';
import { useAlerts } from '../alerts/useAlerts';
import { TableExport } from '../export/ExportMenu';
import { Loaded } from '../Loaded';
import { CollectionTable } from '../queue/CollectionTable';
import { useFetched } from '../useFetched';

const SHOWN = 10;

/** What happened lately: visits, alerts and what was done. */
export function LogPart({ id }: { id: ServerId }) {
  return (
    <>
      <Collections id={id} />
      <Alerts id={id} />
      <ActivityLog title="Activity" server={id} page={SHOWN} />
    </>
  );
}

function Collections({ id }: { id: ServerId }) {
  const fetched = useFetched(useCallback(() => engine.collections(id, SHOWN), [id]));
  useEngineEvent((event) => {
    if (event.type !== 'queue') return;
    const own = event.queue.collections.filter(({ server }) => server === id);
    if (own.length === 0) return;
    fetched.change((before) =>
      own
        .reduce(upsert, before)
        .sort((a, b) => b.id - a.id)
        .slice(0, SHOWN),
    );
  });
  return (
    <Panel title="Last collections" actions={<TableExport what="collections" table="collections" server={id} />} flush>
      <Loaded what="collections" fetched={fetched}>
        {(collections) =>
          collections.length > 0 ? (
            <CollectionTable label="Last collections" collections={collections} named={false} />
          ) : (
            <Empty title="It has not been visited yet." />
          )
        }
      </Loaded>
    </Panel>
  );
}

function Alerts({ id }: { id: ServerId }) {
  const fetched = useAlerts(id, SHOWN);
  return (
    <Panel title="Alerts" actions={<TableExport what="alerts" table="alerts" server={id} />} flush>
      <Loaded what="alerts" fetched={fetched}>
        {(alerts) =>
          alerts.length > 0 ? (
            <AlertTable label="Alerts" alerts={alerts} />
          ) : (
            <Empty title="It never raised an alert." />
          )
        }
      </Loaded>
    </Panel>
  );
}
