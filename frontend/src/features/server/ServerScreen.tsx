import { Tabs } from '@mantine/core';
import { useCallback, useEffect } from 'react';

import { engine } from '../../api/commands';
import type { LoginPrompt } from '../../api/gen/LoginPrompt';
import type { ServerId } from '../../api/gen/ServerId';
import type { ServerView } from '../../api/gen/ServerView';
import type { UnixMillis } from '../../api/gen/UnixMillis';
import { Empty } from '../../components/Empty';
import { Page } from '../../components/Page';
import { ServerStateBadge, WaitsBadge } from '../../components/StateBadge';
import { useLatest, useServer, useStore } from '../../state/hooks';
import { go, type ServerPart, serverParts } from '../../state/route';
import { usePromptOf } from '../prompts';
import { LOCAL } from '../servers';
import { useFetched } from '../useFetched';
import { Charts } from './charts/Charts';
import { ConnectionPart } from './connection/ConnectionPart';
import { Facts } from './Facts';
import { FailurePanel } from './FailurePanel';
import { Filesystems } from './Filesystems';
import { HeaderActions } from './HeaderActions';
import { HeldPanel } from './HeldPanel';
import { LogPart } from './LogPart';
import { Processes } from './Processes';
import classes from './Server.module.css';
import { NotRead } from './system/NotRead';
import { System } from './system/System';
import { useLive } from './useLive';
import { Vitals } from './Vitals';
import { WaitsPanel } from './WaitsPanel';

interface ServerScreenProps {
  id: ServerId;
  /** A moment of interest, such as that of an alert. */
  at: UnixMillis | null;
  part: ServerPart;
}

export function ServerScreen({ id, at, part }: ServerScreenProps) {
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
  return <Known view={view} at={at} part={part} />;
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

const partWord: Record<ServerPart, string> = { metrics: 'Metrics', connection: 'Connection', log: 'Log' };

function Known({ view, at, part }: { view: ServerView; at: UnixMillis | null; part: ServerPart }) {
  const { server, state } = view;
  const prompt = usePromptOf(server.id);
  useLive(server.id);
  const newest = useNewest(server.id);
  // This computer is not connected to.
  const parts = serverParts.filter((one) => one !== 'connection' || server.id !== LOCAL);
  const shown = parts.find((one) => one === part) ?? serverParts[0];
  return (
    <Page
      title={server.name}
      beside={prompt ? <WaitsBadge /> : <ServerStateBadge state={state} />}
      actions={<HeaderActions view={view} />}
      below={<Facts view={view} facts={newest.latest?.facts ?? null} />}
    >
      <Standing view={view} prompt={prompt} />
      <Tabs
        value={shown}
        keepMounted={false}
        classNames={{ panel: classes.part }}
        onChange={(value) => {
          go({ screen: 'server', id: server.id, at, part: parts.find((one) => one === value) ?? serverParts[0] });
        }}
      >
        <Tabs.List aria-label="Parts of the page">
          {parts.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {partWord[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {parts.map((one) => (
          <Tabs.Panel key={one} value={one}>
            {one === 'metrics' && <MetricsPart view={view} at={at} newest={newest} />}
            {one === 'connection' && <ConnectionPart view={view} />}
            {one === 'log' && <LogPart id={server.id} />}
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}

/** What keeps the server from being up, if anything does: a question comes before how it went earlier. */
function Standing({ view, prompt }: { view: ServerView; prompt: LoginPrompt | undefined }) {
  if (prompt) return <WaitsPanel prompt={prompt} />;
  if (view.state === 'held') return <HeldPanel view={view} />;
  return view.failure && <FailurePanel view={view} failure={view.failure} />;
}

interface MetricsPartProps {
  view: ServerView;
  at: UnixMillis | null;
  newest: ReturnType<typeof useNewest>;
}

/** What was read of the server. */
function MetricsPart({ view, at, newest: { latest, loading, error } }: MetricsPartProps) {
  return (
    <>
      <Vitals view={view} latest={latest} loading={loading} error={error} />
      <Charts view={view} at={at} latest={latest} />
      <Processes view={view} latest={latest} loading={loading} />
      <Filesystems view={view} latest={latest} loading={loading} />
      {latest && <System server={view.server.id} latest={latest} />}
      <NotRead server={view.server} latest={latest} />
    </>
  );
}
