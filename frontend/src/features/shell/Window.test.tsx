import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';

import {
  activity,
  alert,
  collection,
  failure,
  latest,
  local,
  prompt,
  queue,
  snapshot,
  summary,
  view,
} from '../../test/fixtures';
import { CanvasFreePlot } from '../../test/plot';
import { refusal } from '../../test/engine';
import { expectAccessible, openWindow } from '../../test/render';
import type { ServerView } from '../../api/gen/ServerView';

const row = (name: string) => screen.getByRole('row', { name: new RegExp(name) });

function rowsOf(...servers: ServerView[]) {
  return openWindow({ snapshot: () => snapshot({ servers: [local(), ...servers] }) });
}

describe('the overview', () => {
  it('shows the values of a server that is up', async () => {
    await rowsOf(view());
    for (const text of ['Up', '25 %', '50 %', '75 %', '0.42', '2.0 KiB/s', '1 d 1 h'])
      expect(row('web-1')).toHaveTextContent(text);
  });

  it('shows what is absent as absent, with the reason', async () => {
    const { engine } = await rowsOf(view({ summary: summary({ cpu: null }) }));
    await engine.tell({
      type: 'latest',
      id: 1,
      latest: latest({ unavailable: [{ family: 'cpu', reason: '/proc/stat cannot be read.', partial: false }] }),
    });
    expect(
      within(row('web-1')).getByRole('note', { name: 'not available: /proc/stat cannot be read.' }),
    ).toHaveTextContent('n/a');
  });

  it('never invents values for a server that was not observed', async () => {
    await rowsOf(view({ state: 'notObserved', summary: null, lastSeen: null }));
    expect(row('web-1')).toHaveTextContent('Not observed');
    expect(row('web-1')).toHaveTextContent('Nothing was observed yet');
    expect(row('web-1')).not.toHaveTextContent('%');
  });

  it.each<[Partial<ServerView>, string]>([
    [{ state: 'stale' }, 'Stale'],
    [{ state: 'retrying', failure: failure() }, 'Retrying'],
    [{ state: 'unreachable', failure: failure() }, 'Unreachable'],
    [{ state: 'disabled', nextVisit: null }, 'Disabled'],
    [{ state: 'held', nextVisit: null, failure: failure() }, 'Held'],
  ])('tells %j apart', async (over, word) => {
    await rowsOf(view(over));
    expect(row('web-1')).toHaveTextContent(word);
    expect(row('web-1')).toHaveAttribute('data-faded', 'true');
    if (over.failure) expect(row('web-1')).toHaveTextContent('refused the connection');
  });

  it('tells whole why a visit failed, by keyboard and to screen readers', async () => {
    const { user } = await rowsOf(view({ state: 'unreachable', failure: failure() }));
    const cause = within(row('web-1')).getByRole('note', {
      name: 'web1.example.org refused the connection. Check that sshd runs there.',
    });
    expect(screen.queryByRole('tooltip')).toBeNull();
    screen.getByRole('link', { name: 'web-1' }).focus();
    await user.tab();
    expect(cause).toHaveFocus();
    expect(await screen.findByRole('tooltip')).toHaveTextContent('Check that sshd runs there.');
    await expectAccessible();
  });

  it('shows that a server waits for an answer, and not how it failed before', async () => {
    const { engine } = await rowsOf(view({ state: 'held', nextVisit: null, failure: failure() }));
    await engine.tell({ type: 'prompt', prompt: prompt() });
    expect(document.querySelector('tr[data-faded="true"]')).toHaveTextContent('Waits for you');
    expect(document.querySelector('tr[data-faded="true"]')).not.toHaveTextContent('refused');
    await engine.tell({ type: 'promptGone', id: 'prompt-1' });
    expect(row('web-1')).toHaveTextContent('Held');
    expect(row('web-1')).toHaveTextContent('refused the connection');
  });

  it('tells how to add the first server', async () => {
    const { user } = await rowsOf();
    expect(screen.getByRole('heading', { name: 'Add your first server' })).toBeVisible();
    await expectAccessible();
    await user.click(screen.getAllByRole('button', { name: 'Add server' })[0] ?? document.body);
    expect(screen.getByRole('dialog', { name: 'Add server' })).toBeVisible();
  });

  it('hints at what deserves a look', async () => {
    const { engine } = await rowsOf(view({ overBudget: ['61 logins, budget 48'] }));
    expect(row('web-1')).toHaveTextContent('over budget');
    await engine.tell({
      type: 'latest',
      id: 1,
      latest: latest({ tables: { reboot: ['linux-image'], units: [{ name: 'nginx.service', description: '' }] } }),
    });
    expect(within(row('web-1')).getByTitle('linux-image')).toHaveTextContent('reboot required');
    expect(within(row('web-1')).getByTitle('nginx.service')).toHaveTextContent('1 failed unit');
  });

  it('removes a server only after a question', async () => {
    const { engine, user } = await rowsOf(view());
    await user.click(screen.getByRole('button', { name: 'Actions for web-1' }));
    await user.click(await screen.findByRole('menuitem', { name: 'Remove' }));
    expect(engine.argsOf('remove_server')).toEqual([]);
    await user.click(
      within(screen.getByRole('dialog', { name: 'Remove web-1?' })).getByRole('button', { name: 'Remove' }),
    );
    expect(engine.argsOf('remove_server')).toEqual([{ id: 1 }]);
  });

  it('gives the focus back to the button of the menu from which a dialog was opened', async () => {
    const { user } = await rowsOf(view());
    await user.click(screen.getByRole('button', { name: 'Actions for web-1' }));
    await user.click(await screen.findByRole('menuitem', { name: 'Edit' }));
    await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Cancel' }));
    await waitFor(() => {
      expect(screen.getByRole('button', { name: 'Actions for web-1' })).toHaveFocus();
    });
  });

  it('keeps the filter while it holds words, however few servers are left', async () => {
    const servers = Array.from({ length: 6 }, (_, index) => view({}, { id: index + 1, name: `web-${index + 1}` }));
    const { engine, user } = await rowsOf(...servers);
    await user.type(screen.getByRole('textbox', { name: 'Filter servers' }), 'web-6');
    for (const id of [5, 6]) await engine.tell({ type: 'serverRemoved', id });
    await user.clear(screen.getByRole('textbox', { name: 'Filter servers' }));
    expect(row('web-1')).toBeVisible();
  });

  it('says why a command was refused', async () => {
    const { user } = await openWindow({
      collect: () => refusal({ code: 'store', message: 'The history is full.', hint: 'Free some space.' }),
    });
    await user.click(screen.getByRole('button', { name: 'Collect web-1 now' }));
    expect(await screen.findByText('The history is full.')).toBeVisible();
    expect(screen.getByText('Free some space.')).toBeVisible();
    expect(screen.getByRole('button', { name: 'Close notification' })).toBeVisible();
  });
});

describe('events', () => {
  it('move the overview without being asked for', async () => {
    const { engine } = await rowsOf(view());
    await engine.tell({ type: 'server', view: view({ summary: summary({ cpu: 0.99 }) }) });
    expect(row('web-1')).toHaveTextContent('99 %');
    expect(engine.argsOf('snapshot')).toHaveLength(1);
  });

  it('raise a toast when an alert fires', async () => {
    const { engine } = await rowsOf(view());
    await engine.tell({ type: 'alert', alert: alert() });
    expect(await screen.findByText('Alert firing')).toBeVisible();
    await expectAccessible();
  });

  it('raise few toasts at once: the newest, and how many more there are', async () => {
    const { engine } = await rowsOf(view());
    for (let id = 1; id <= 7; id += 1) {
      await engine.tell({ type: 'alert', alert: alert({ id, message: `disk ${id} is full` }) });
    }
    expect(await screen.findByText('and 4 more')).toBeVisible();
    expect(screen.getByRole('link', { name: 'Show alerts' })).toHaveAttribute('href', '#/alerts');
    await waitFor(() => {
      expect(screen.getAllByText('Alert firing')).toHaveLength(3);
    });
    for (const newest of [5, 6, 7]) expect(screen.getByText(new RegExp(`disk ${newest} is full`))).toBeVisible();
    await expectAccessible();
  });

  it('merge what is said again', async () => {
    const { user } = await openWindow({
      collect: () => refusal({ code: 'store', message: 'The history is full.', hint: 'Free some space.' }),
    });
    for (let time = 0; time < 3; time += 1) await user.click(screen.getByRole('button', { name: 'Collect web-1 now' }));
    expect(await screen.findByText('The history is full. (3 times)')).toBeVisible();
    expect(screen.getAllByText('Free some space.')).toHaveLength(1);
    expect(screen.queryByText(/more$/)).toBeNull();
  });

  it('say how an alert ended', async () => {
    const { engine } = await rowsOf(view());
    const resolution = 'web-1: memory back at 4 % (threshold 95 %)';
    await engine.tell({ type: 'alert', alert: alert({ state: 'resolved', resolvedAt: Date.now(), resolution }) });
    expect(await screen.findByText(new RegExp('memory back at 4 %'))).toBeVisible();
    expect(screen.queryByText(/is at 97 %/)).toBeNull();
  });

  it('open the server that a notification speaks of', async () => {
    const { engine } = await rowsOf(view());
    await engine.tell({ type: 'showServer', id: 1, at: Date.now() - 1_000 });
    expect(await screen.findByRole('heading', { level: 1, name: 'web-1' })).toBeVisible();
  });
});

describe('the server page', () => {
  it('is read fast while it is open, and only then', async () => {
    const { engine } = await openWindow({}, '#/servers/1');
    expect(engine.argsOf('set_live')).toEqual([{ id: 1, live: true }]);
    window.location.hash = '#/';
    await screen.findByRole('heading', { name: 'Overview' });
    expect(engine.argsOf('set_live')).toEqual([
      { id: 1, live: true },
      { id: 1, live: false },
    ]);
  });

  it('names stage, cause and remedy of a failure', async () => {
    await openWindow(
      { snapshot: () => snapshot({ servers: [local(), view({ state: 'unreachable', failure: failure() })] }) },
      '#/servers/1',
    );
    expect(screen.getByText('TCP connection: web1.example.org refused the connection.')).toBeVisible();
    expect(screen.getByText('Check that sshd runs there.')).toBeVisible();
    expect(screen.getByText(/not of now/)).toBeVisible();
    expect(screen.queryByText(/^Up \d/)).toBeNull();
  });

  it('appends new values to its charts without asking the history again', async () => {
    const at = Date.now();
    const { engine } = await openWindow(
      {
        history: ({ query }) =>
          query.metric === 'system.cpu.utilization'
            ? [{ attributes: {}, buckets: [{ start: at - 600_000, min: 0.1, avg: 0.1, max: 0.1, count: 1 }] }]
            : [],
      },
      '#/servers/1',
    );
    await waitFor(() => {
      expect(CanvasFreePlot.all.at(-1)?.data[1]).toEqual([0.1]);
    });
    const asked = engine.argsOf('history').length;
    await engine.tell({
      type: 'latest',
      id: 1,
      latest: latest({
        at,
        readAt: { cpu: at },
        points: [{ metric: 'system.cpu.utilization', attributes: {}, value: 0.5 }],
      }),
    });
    const averages = Array.from(CanvasFreePlot.all.at(-1)?.data[1] ?? []);
    expect([averages[0], averages.at(-1)]).toEqual([0.1, 0.5]);
    expect(engine.argsOf('history')).toHaveLength(asked);
  });

  it('fetches again what it fetched beside the snapshot after it missed events', async () => {
    const { engine } = await openWindow({}, '#/servers/1');
    const asked = engine.argsOf('history').length;
    await engine.tell({ type: 'missed' });
    await waitFor(() => {
      expect(engine.argsOf('history')).toHaveLength(2 * asked);
    });
    expect(engine.argsOf('latest')).toHaveLength(2);
  });

  it('shows empty, not available and full parts as such', async () => {
    const process = {
      pid: 7,
      name: 'nginx',
      user: null,
      cpu: null,
      memory: 1_048_576,
      threads: 2,
      state: 'S',
      diskRead: 2_048,
      diskWritten: null,
      handles: null,
    };
    const { user } = await openWindow(
      {
        latest: () =>
          latest({
            processes: { at: Date.now(), byCpu: [], byMemory: [process] },
            unavailable: [
              { family: 'diskIo', reason: '/proc/diskstats is not there.', partial: false },
              { family: 'filesystems', reason: 'df hangs.', partial: false },
            ],
          }),
        collections: () => [collection({ state: 'failed', failure: failure() })],
      },
      '#/servers/1',
    );
    expect(await screen.findByText('/proc/diskstats is not there.')).toBeVisible();
    expect(screen.getAllByText('Nothing was recorded in the last 24 hours.').length).toBeGreaterThan(0);
    expect(within(screen.getByRole('region', { name: 'Filesystems' })).getByText('df hangs.')).toBeVisible();
    expect(screen.getByText('Known from the second reading on.')).toBeVisible();
    expect(within(screen.getByRole('table', { name: 'Top processes by memory' })).getByText('1.0 MiB')).toBeVisible();
    expect(within(screen.getByRole('table', { name: 'Top processes by memory' })).getByText('2.0 KiB/s')).toBeVisible();
    await expectAccessible();
    await user.click(screen.getByRole('tab', { name: 'Log' }));
    expect(within(await screen.findByRole('table', { name: 'Last collections' })).getByText('Failed')).toBeVisible();
    await expectAccessible();
  });

  it('says that a server is gone', async () => {
    await openWindow({}, '#/servers/77');
    expect(screen.getByText('This server is not there any more.')).toBeVisible();
  });
});

describe('the other screens', () => {
  it('steer the queue', async () => {
    const failed = collection({ id: 5, state: 'failed', attempts: 3, failure: failure() });
    const { engine, user } = await openWindow(
      { snapshot: () => snapshot({ queue: queue({ collections: [failed] }) }) },
      '#/queue',
    );
    expect(screen.getByText('attempt 3 of 3')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Retry web-1' }));
    await user.click(screen.getByRole('button', { name: 'Pause' }));
    await user.click(screen.getByRole('button', { name: 'Clean' }));
    expect(engine.argsOf('retry')).toEqual([{ id: 5 }]);
    expect(engine.argsOf('pause')).toHaveLength(1);
    expect(engine.argsOf('clean')).toHaveLength(1);
    await engine.tell({ type: 'queue', queue: queue({ paused: true }) });
    expect(screen.getByRole('button', { name: 'Resume' })).toBeVisible();
    await expectAccessible();
  });

  it('say truly what is visited when no visit is waiting', async () => {
    const none = queue({ scheduled: [] });
    const { engine } = await openWindow({ snapshot: () => snapshot({ queue: none }) }, '#/queue');
    expect(screen.getByText('No visit is waiting for its time.')).toBeVisible();
    expect(screen.getByText('This computer is read every 2 s.')).toBeVisible();
    await engine.tell({ type: 'serverRemoved', id: 1 });
    expect(screen.getByText('No other server is visited on a schedule.')).toBeVisible();
  });

  it('list firing and resolved alerts', async () => {
    const resolved = alert({
      id: 2,
      state: 'resolved',
      message: 'It was full.',
      resolution: 'It has room again.',
      resolvedAt: alert().firedAt + 60_000,
    });
    const { engine } = await openWindow(
      { snapshot: () => snapshot({ alerts: [alert()] }), alerts: () => [alert(), resolved] },
      '#/alerts',
    );
    const history = await screen.findByRole('table', { name: 'Resolved alerts' });
    expect(history).toHaveTextContent('It was full.');
    expect(within(history).getByText('It has room again.')).toBeVisible();
    await expectAccessible();
    await engine.tell({ type: 'alert', alert: alert({ state: 'resolved', resolvedAt: Date.now() }) });
    expect(screen.getByText('No alert is firing.')).toBeVisible();
    expect(within(screen.getByRole('table', { name: 'Resolved alerts' })).getAllByText('Resolved')).toHaveLength(2);
  });

  it('say in days when a disk will be full, and point it out in the overview', async () => {
    const full = alert({
      rule: 'diskFullIn',
      message: 'web-1: disk /var will be full in about 2 days (1.5 to 3), threshold 3 days',
      value: 2 * 86_400,
      threshold: 3 * 86_400,
    });
    const { user } = await openWindow({ snapshot: () => snapshot({ alerts: [full] }), alerts: () => [full] }, '#/');
    expect(screen.getByText('1 disk fills up')).toHaveAttribute('title', full.message);
    await user.click(screen.getByRole('link', { name: /Alerts/ }));
    const row = within(await screen.findByRole('table', { name: 'Firing alerts' })).getAllByRole('row')[1];
    expect(row).toHaveTextContent('Disk full in');
    expect(row).toHaveTextContent('2 d3 d');
  });

  it('forget the alerts of a server that was removed', async () => {
    const resolved = alert({ id: 2, state: 'resolved', message: 'It was full.', resolvedAt: alert().firedAt + 60_000 });
    const { engine } = await openWindow(
      { snapshot: () => snapshot({ alerts: [alert()] }), alerts: () => [alert(), resolved] },
      '#/alerts',
    );
    await screen.findByRole('table', { name: 'Resolved alerts' });
    await engine.tell({ type: 'serverRemoved', id: 1 });
    expect(screen.getByText('No alert is firing.')).toBeVisible();
    expect(screen.queryByText('It was full.')).toBeNull();
  });

  it('load older activity', async () => {
    const page = (first: number) =>
      Array.from({ length: 50 }, (_, index) => activity({ id: first - index, message: `entry ${first - index}` }));
    const { engine, user } = await openWindow(
      { activity: ({ before }) => (before === null ? page(100) : page(50)) },
      '#/activity',
    );
    await screen.findByText('entry 51');
    await user.click(screen.getByRole('button', { name: 'Load older' }));
    expect(await screen.findByText('entry 1')).toBeVisible();
    expect(engine.argsOf('activity').at(-1)).toEqual({ server: null, before: 51, limit: 50 });
    await engine.tell({ type: 'activity', entry: activity({ id: 101, message: 'entry 101' }) });
    expect(screen.getByText('entry 101')).toBeVisible();
    await expectAccessible();
  });

  it('change the settings within their bounds', async () => {
    const { engine, user } = await openWindow({ set_settings: ({ settings }) => settings }, '#/settings');
    const field = screen.getByRole('textbox', { name: 'Collections at a time' });
    for (const wrong of ['65', '0', '1.5', '-5abc', ' ']) {
      await user.clear(field);
      await user.type(field, wrong);
      expect(field).toHaveAccessibleDescription(/A whole number from 1 to 64\./);
      expect(screen.getByRole('button', { name: 'Save' })).toBeDisabled();
    }
    await user.clear(field);
    await user.type(field, '8');
    await user.click(screen.getByRole('button', { name: 'Save' }));
    expect(engine.argsOf('set_settings')).toEqual([{ settings: { ...snapshot().settings, concurrency: 8 } }]);
    await expectAccessible();
  });

  const logins = () => screen.getByRole('textbox', { name: 'Logins a day' });
  const transferred = () => screen.getByRole('textbox', { name: 'Transferred a day (MiB)' });

  it('set what watching a server may cost', async () => {
    const { engine, user } = await openWindow({ set_settings: ({ settings }) => settings }, '#/settings');
    expect(transferred()).toHaveValue('200');
    await user.clear(logins());
    await user.clear(transferred());
    await user.type(transferred(), '1.5');
    await user.click(screen.getByRole('button', { name: 'Save budget' }));
    expect(engine.argsOf('set_settings')).toEqual([
      { settings: { ...snapshot().settings, budget: { logins: null, bytes: 1_572_864, cpu: 600 } } },
    ]);
    await expectAccessible();
  });

  it('say at the field which number would be right, and send no other', async () => {
    const { engine, user } = await openWindow({}, '#/settings');
    for (const wrong of ['-5abc', '-5', '1.5', '100001', '1e3', '1,000']) {
      await user.clear(logins());
      await user.type(logins(), `${wrong}{Enter}`);
      expect(logins()).toHaveValue(wrong);
      expect(logins()).toHaveAccessibleDescription('A whole number from 0 to 100,000. Empty: no limit.');
    }
    await user.clear(transferred());
    await user.type(transferred(), '1048577');
    expect(transferred()).toHaveAccessibleDescription('A number from 0 to 1,048,576 MiB. Empty: no limit.');
    expect(screen.getByRole('button', { name: 'Save budget' })).toBeDisabled();
    expect(engine.argsOf('set_settings')).toEqual([]);
  });

  it('show at the field what the engine refuses', async () => {
    const fields = [{ field: 'budget.logins', message: 'At most 100000 logins a day.' }];
    const { user } = await openWindow(
      { set_settings: () => refusal({ code: 'invalid', message: 'No.', hint: '', fields }) },
      '#/settings',
    );
    await user.type(logins(), '0{Enter}');
    await waitFor(() => {
      expect(logins()).toHaveAccessibleDescription('At most 100000 logins a day.');
    });
  });

  it('leave a budget that was set to the byte as it is', async () => {
    const settings = { ...snapshot().settings, budget: { logins: 48, bytes: 200_000_001, cpu: 600 } };
    const { engine, user } = await openWindow(
      { snapshot: () => snapshot({ settings }), set_settings: (args) => args.settings },
      '#/settings',
    );
    expect(transferred()).toHaveValue('190.73');
    await user.type(logins(), '0{Enter}');
    expect(engine.argsOf('set_settings')).toMatchObject([
      { settings: { budget: { logins: 480, bytes: 200_000_001 } } },
    ]);
  });
});

describe('the whole window', () => {
  it('shows troubles above every screen', async () => {
    const trouble = { code: 'keyring_unavailable', message: 'The keyring cannot be used.', hint: 'Unlock it.' };
    const { engine } = await openWindow({
      snapshot: () => snapshot({ troubles: [trouble], scheduleHeldElsewhere: true }),
    });
    expect(screen.getByText('Unlock it.')).toBeVisible();
    expect(screen.getByText('Another Hostrounds process keeps the schedule.')).toBeVisible();
    await engine.tell({ type: 'troubles', troubles: [] });
    expect(screen.queryByText('Unlock it.')).toBeNull();
  });

  it('offers on every screen to resume a paused schedule', async () => {
    const { engine, user } = await openWindow({ snapshot: () => snapshot({ queue: queue({ paused: true }) }) });
    await user.click(screen.getByRole('button', { name: 'Resume' }));
    expect(engine.argsOf('resume')).toHaveLength(1);
    await expectAccessible();
    await engine.tell({ type: 'queue', queue: queue() });
    expect(screen.queryByText('The schedule is paused.')).toBeNull();
  });

  it('shows nothing old when it missed events and cannot ask again', async () => {
    let broken = false;
    const { engine } = await openWindow({
      snapshot: () => {
        if (broken) throw new Error('The engine has stopped.');
        return snapshot();
      },
    });
    broken = true;
    await engine.tell({ type: 'missed' });
    expect(await screen.findByRole('button', { name: 'Try again' })).toBeVisible();
    expect(screen.getByRole('alert')).toHaveTextContent('The engine has stopped.');
    expect(screen.queryByRole('table')).toBeNull();
  });

  it('says why it cannot start, and tries again', async () => {
    let broken = true;
    const { user } = await openWindow({
      snapshot: () =>
        broken
          ? refusal({ code: 'store', message: 'The history cannot be opened.', hint: 'Close the other program.' })
          : snapshot(),
    });
    expect(screen.getByRole('alert')).toHaveTextContent('Close the other program.');
    broken = false;
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByRole('heading', { name: 'Overview' })).toBeVisible();
  });
});
