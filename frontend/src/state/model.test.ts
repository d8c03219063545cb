import { describe, expect, it } from 'vitest';

import type { Event } from '../api/gen/Event';
import { activity, alert, latest, local, prompt, queue, snapshot, view } from '../test/fixtures';
import { apply, fromSnapshot } from './model';

const start = () => fromSnapshot(snapshot());
const names = (model: ReturnType<typeof start>) => model.servers.map(({ server }) => server.name);

describe('apply', () => {
  it('puts a new server in its place by name, this computer first', () => {
    const model = [view({}, { id: 3, name: 'alpha' }), view({}, { id: 4, name: 'zeta' })].reduce(
      (before, one) => apply(before, { type: 'server', view: one }),
      start(),
    );
    expect(names(model)).toEqual(['local', 'alpha', 'web-1', 'zeta']);
  });

  it('replaces the view of a known server and sorts it again when it was renamed', () => {
    const model = apply(fromSnapshot(snapshot({ servers: [local(), view(), view({}, { id: 2, name: 'web-2' })] })), {
      type: 'server',
      view: view({ state: 'stale' }, { name: 'web-9' }),
    });
    expect(names(model)).toEqual(['local', 'web-2', 'web-9']);
    expect(model.servers[2]?.state).toBe('stale');
  });

  it('forgets a removed server, its newest values and its alerts', () => {
    const events: Event[] = [
      { type: 'latest', id: 1, latest: latest() },
      { type: 'alert', alert: alert({ id: 1, server: 1 }) },
      { type: 'alert', alert: alert({ id: 2, server: 0 }) },
    ];
    const model = apply(events.reduce(apply, start()), { type: 'serverRemoved', id: 1 });
    expect(names(model)).toEqual(['local']);
    expect(model.latest.has(1)).toBe(false);
    expect(model.alerts.map(({ id }) => id)).toEqual([2]);
  });

  it('keeps only firing alerts', () => {
    const fired = apply(start(), { type: 'alert', alert: alert() });
    expect(fired.alerts).toHaveLength(1);
    expect(apply(fired, { type: 'alert', alert: alert({ state: 'resolved' }) }).alerts).toEqual([]);
  });

  it('takes in queue, settings, troubles and activity', () => {
    const events: Event[] = [
      { type: 'queue', queue: queue({ paused: true }) },
      { type: 'settings', settings: { ...snapshot().settings, concurrency: 9 } },
      { type: 'troubles', troubles: [{ code: 'store_full', message: 'm', hint: 'h' }] },
      { type: 'activity', entry: activity({ id: 2 }) },
    ];
    const model = events.reduce(apply, start());
    expect(model.queue.paused).toBe(true);
    expect(model.settings.concurrency).toBe(9);
    expect(model.troubles).toHaveLength(1);
    expect(model.activity.map(({ id }) => id)).toEqual([2, 1]);
  });

  it('comes to the same when an event is applied twice', () => {
    const events: Event[] = [
      { type: 'activity', entry: activity({ id: 2 }) },
      { type: 'alert', alert: alert() },
      { type: 'server', view: view({ state: 'stale' }) },
    ];
    const once = events.reduce(apply, start());
    expect(events.reduce(apply, once)).toEqual(once);
  });

  it('keeps the prompts that wait, the oldest first', () => {
    const ids = (model: ReturnType<typeof start>) => model.prompts.map(({ id }) => id);
    const asked = [prompt(), prompt({ id: 'prompt-2' }), prompt()].reduce(
      (before, one) => apply(before, { type: 'prompt', prompt: one }),
      start(),
    );
    expect(ids(asked)).toEqual(['prompt-1', 'prompt-2']);
    expect(ids(apply(asked, { type: 'promptGone', id: 'prompt-2' }))).toEqual(['prompt-1']);
  });
});
