import { useCallback, useEffect } from 'react';

import { engine } from '../../api/commands';
import type { ServerId } from '../../api/gen/ServerId';
import type { ServerView } from '../../api/gen/ServerView';
import type { UnixMillis } from '../../api/gen/UnixMillis';
import { Empty } from '../../components/Empty';
import { Page } from '../../components/Page';
import { Panel } from '../../components/Panel';
import { ServerStateBadge } from '../../components/StateBadge';
import { useEngineEvent, useLatest, useServer, useStore } from '../../state/hooks';
import { upsert } from '../../state/model';
import { ActivityTable } from '../activity/ActivityTable';
import { useActivity } from '../activity/useActivity';
import { AlertTable } from '../alerts/AlertTable';
import { useAlerts } from '../alerts/useAlerts';
import { Loaded } from '../Loaded';
import { CollectionTable } from '../queue/CollectionTable';
import { useFetched } from '../useFetched';
import { Charts } from './charts/Charts';
import { Facts } from './Facts';
import { FailurePanel } from './FailurePanel';
import { Filesystems } from './Filesystems';
import { HeaderActions } from './HeaderActions';
import { Processes } from './Processes';
import { useLive } from './useLive';
import { Vitals } from './Vitals';

const SHOWN = 10;

interface ServerScreenProps {
  id: ServerId;
  /** A moment of interest, such as that of an alert. */
  at: UnixMillis | null;
}

export function ServerScreen({ id, at }: ServerScreenProps) {
  const view = useServer(id);
  if (!view) {
    return (
      <Page title="Server">
        <Empty title="This server is not there any more.">
          <a href="#/">Go to the overview</a>
        </Empty>
      </Page>
    );
  }
  return <Known view={view} at={at} />;
}

/** The newest values are asked for once; from then on events bring them. */
function useNewest(id: ServerId) {
  const store = useStore();
  const fetched = useFetched(useCallback(() => engine.latest(id), [id]));
  const { value, error } = fetched;
  useEffect(() => {
    if (value) store.offerLatest(id, value);
  }, [store, id, value]);
  const latest = useLatest(id) ?? value ?? undefined;
  return { latest, loading: latest === undefined && value === undefined && error === null, error };
}

function Known({ view, at }: { view: ServerView; at: UnixMillis | null }) {
  const { server, state, failure } = view;
  useLive(server.id);
  const { latest, loading, error } = useNewest(server.id);
  return (
    <Page
      title={server.name}
      beside={<ServerStateBadge state={state} />}
      actions={<HeaderActions view={view} />}
      below={<Facts view={view} facts={latest?.facts ?? null} />}
    >
      {failure && <FailurePanel view={view} failure={failure} />}
      <Vitals view={view} latest={latest} loading={loading} error={error} />
      <Charts view={view} at={at} latest={latest} />
      <Processes latest={latest} loading={loading} />
      <Filesystems latest={latest} loading={loading} />
      <Collections id={server.id} />
      <Alerts id={server.id} />
      <ActivityOf id={server.id} />
    </Page>
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
    <Panel title="Last collections" flush>
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
    <Panel title="Alerts" flush>
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

function ActivityOf({ id }: { id: ServerId }) {
  const log = useActivity(id, SHOWN);
  return (
    <Panel title="Activity" flush>
      <Loaded what="activity" fetched={log}>
        {(entries) =>
          entries.length > 0 ? (
            <ActivityTable label="Activity" entries={entries} />
          ) : (
            <Empty title="Nothing has happened yet." />
          )
        }
      </Loaded>
    </Panel>
  );
}
