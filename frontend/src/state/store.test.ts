import { describe, expect, it } from 'vitest';

import type { Snapshot } from '../api/gen/Snapshot';
import { refusal, startEngine } from '../test/engine';
import { alert, latest, snapshot, view } from '../test/fixtures';
import { EngineStore } from './store';

/** Snapshots that a test hands out when it likes. */
function heldSnapshots() {
  const waiting: ((snapshot: Snapshot) => void)[] = [];
  return {
    asked: () => waiting.length,
    ask: () =>
      new Promise<Snapshot>((resolve) => {
        waiting.push(resolve);
      }),
    give: (answer: Snapshot) => waiting.shift()?.(answer),
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition())
    await new Promise((resolve) => {
      queueMicrotask(() => {
        setTimeout(resolve);
      });
    });
}

function model(store: EngineStore) {
  const state = store.current();
  if (state.phase !== 'ready') throw new Error(`The window is ${state.phase}.`);
  return state.model;
}

describe('EngineStore', () => {
  it('loses no event that comes while the snapshot is under way', async () => {
    const held = heldSnapshots();
    const engine = startEngine({ snapshot: held.ask });
    const store = new EngineStore();
    const connected = store.connect();
    await until(() => held.asked() === 1);
    await engine.tell({ type: 'alert', alert: alert() });
    await engine.tell({ type: 'server', view: view({ state: 'unreachable' }) });
    expect(store.current().phase).toBe('loading');
    held.give(snapshot());
    await connected;
    expect(model(store).alerts).toHaveLength(1);
    expect(model(store).servers[1]?.state).toBe('unreachable');
  });

  it('fetches a new snapshot after it was too slow, and keeps what came meanwhile', async () => {
    const held = heldSnapshots();
    const engine = startEngine({ snapshot: held.ask });
    const store = new EngineStore();
    const connected = store.connect();
    await until(() => held.asked() === 1);
    held.give(snapshot());
    await connected;
    await engine.tell({ type: 'latest', id: 1, latest: latest() });
    await engine.tell({ type: 'missed' });
    await until(() => held.asked() === 1);
    await engine.tell({ type: 'server', view: view({ state: 'stale' }) });
    held.give(snapshot({ version: '0.2.0' }));
    await until(() => model(store).version === '0.2.0');
    expect(model(store).servers[1]?.state).toBe('stale');
    // Values from before the gap may be old by now.
    expect(model(store).latest.size).toBe(0);
  });

  it('says why it failed, and recovers', async () => {
    let broken = true;
    startEngine({
      snapshot: () =>
        broken ? refusal({ code: 'store', message: 'No store.', hint: 'Free some space.' }) : snapshot(),
    });
    const store = new EngineStore();
    await store.connect();
    expect(store.current()).toMatchObject({ phase: 'failed', error: { code: 'store', hint: 'Free some space.' } });
    broken = false;
    await store.resync();
    expect(store.current().phase).toBe('ready');
  });

  it('prefers the newest values, whichever way they came', async () => {
    const engine = startEngine();
    const store = new EngineStore();
    await store.connect();
    await engine.tell({ type: 'latest', id: 1, latest: latest({ at: 2_000 }) });
    store.offerLatest(1, latest({ at: 1_000 }));
    expect(model(store).latest.get(1)?.at).toBe(2_000);
  });
});
