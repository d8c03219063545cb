import { useCallback } from 'react';

import { engine } from '../../../api/commands';
import type { Collection } from '../../../api/gen/Collection';
import type { ConnectionTest } from '../../../api/gen/ConnectionTest';
import type { ServerId } from '../../../api/gen/ServerId';
import type { ServerView } from '../../../api/gen/ServerView';
import type { TestReport } from '../../../api/gen/TestReport';
import type { TestStep } from '../../../api/gen/TestStep';
import type { UnixMillis } from '../../../api/gen/UnixMillis';
import { Empty } from '../../../components/Empty';
import { Panel } from '../../../components/Panel';
import { RelativeTime } from '../../../components/RelativeTime';
import { useEngineEvent } from '../../../state/hooks';
import { upsert } from '../../../state/model';
import { Steps } from '../../connection/Steps';
import { jumpsIn } from '../../connection/steps';
import { Loaded } from '../../Loaded';
import { type Fetched, useFetched } from '../../useFetched';
import classes from './ConnectionPart.module.css';

/** Far enough back to find the visit that logged in: later ones find the session standing. */
const LOOKED_AT = 100;

interface Seen {
  at: UnixMillis;
  by: 'test' | 'visit';
  steps: TestStep[];
  unavailable: TestReport['unavailable'];
}

/** The stages of a visit as steps. Those of a visit that found its session standing say nothing about the connection. */
function seenBy({ stages, failure, endedAt }: Collection): Seen | null {
  const whole = stages.filter(({ family }) => family === null);
  const steps = whole.map(({ stage, hop, millis }): TestStep => {
    const failed = failure?.stage === stage && failure.hop === hop;
    return { stage, hop, family: null, outcome: failed ? 'failed' : 'passed', millis, detail: null };
  });
  if (failure && steps.every(({ outcome }) => outcome === 'passed')) {
    const { stage, hop, message } = failure;
    steps.push({ stage, hop, family: null, outcome: 'failed', millis: null, detail: message });
  }
  const connected = steps.some(({ stage }) => stage !== 'probe' && stage !== 'credential');
  return connected && endedAt !== null ? { at: endedAt, by: 'visit', steps, unavailable: [] } : null;
}

function newestOf(tests: readonly ConnectionTest[], collections: readonly Collection[]): Seen | null {
  const [test] = tests;
  const visit = collections.map(seenBy).find((seen) => seen !== null) ?? null;
  const tested: Seen | null = test
    ? { at: test.at, by: 'test', steps: test.report.steps, unavailable: test.report.unavailable }
    : null;
  if (!tested || !visit) return tested ?? visit;
  return tested.at >= visit.at ? tested : visit;
}

function useCollections(id: ServerId): Fetched<Collection[]> {
  const fetched = useFetched(useCallback(() => engine.collections(id, LOOKED_AT), [id]));
  useEngineEvent((event) => {
    if (event.type !== 'queue') return;
    const own = event.queue.collections.filter(({ server }) => server === id);
    if (own.length > 0) fetched.change((before) => own.reduce(upsert, before).sort((a, b) => b.id - a.id));
  });
  return fetched;
}

interface LayersProps {
  view: ServerView;
  tests: Fetched<ConnectionTest[]>;
}

/** How the connection was made the last time, layer by layer: by a test, or by the visit that logged in. */
export function Layers({ view: { server }, tests }: LayersProps) {
  const collections = useCollections(server.id);
  const seen = tests.value && collections.value ? newestOf(tests.value, collections.value) : null;
  return (
    <Panel
      title="The last connection"
      actions={
        seen && (
          <span className={classes.quiet}>
            {seen.by === 'test' ? 'tested' : 'visited'} <RelativeTime at={seen.at} />
          </span>
        )
      }
    >
      <Loaded what="the last connection" fetched={collections}>
        {(visits) => (
          <Loaded what="the last connection" fetched={tests}>
            {(all) => <LastConnection seen={newestOf(all, visits)} />}
          </Loaded>
        )}
      </Loaded>
    </Panel>
  );
}

function LastConnection({ seen }: { seen: Seen | null }) {
  if (!seen) {
    return (
      <Empty title="It was never connected to.">
        <p>A test shows every step of the way.</p>
      </Empty>
    );
  }
  return (
    <Steps
      label="Layers of the connection"
      steps={seen.steps}
      jumps={jumpsIn(seen.steps)}
      unavailable={seen.unavailable}
    />
  );
}
