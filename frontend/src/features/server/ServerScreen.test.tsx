import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';

import type { FootprintReport } from '../../api/gen/FootprintReport';
import type { Latest } from '../../api/gen/Latest';
import type { Point } from '../../api/gen/Point';
import type { TestReport } from '../../api/gen/TestReport';
import type { Answers } from '../../test/engine';
import { collection, failure, latest, local, NOW, prompt, snapshot, ssh, step, view } from '../../test/fixtures';
import { expectAccessible, openWindow } from '../../test/render';

const region = (name: string) => screen.getByRole('region', { name });
const hop = 'jump@bastion:2222';

describe('a held server', () => {
  const held = view({
    state: 'held',
    heldSince: Date.now() - 3_600_000,
    nextVisit: null,
    failure: failure({
      code: 'login_refused',
      stage: 'login',
      hop,
      message: 'It refuses the login.',
      hint: 'Put the key there.',
      remedy: 'ssh-copy-id -p 2222 jump@bastion',
    }),
  });
  const answers: Answers = { snapshot: () => snapshot({ servers: [local(), held] }) };

  it('says since when and why its schedule stands still, and is tried on request', async () => {
    const { engine, user } = await openWindow(answers, '#/servers/1');
    expect(screen.getByText(/The schedule stands still since/)).toHaveTextContent('1 h ago');
    expect(screen.getByText('Login at the jump host jump@bastion:2222: It refuses the login.')).toBeVisible();
    expect(screen.getByRole('region', { name: 'The remedy' })).toHaveTextContent('ssh-copy-id -p 2222 jump@bastion');
    await expectAccessible();
    await user.click(screen.getByRole('button', { name: 'Try now' }));
    expect(engine.argsOf('collect')).toEqual([{ id: 1 }]);
    await engine.tell({ type: 'server', view: view() });
    expect(screen.queryByText(/stands still/)).toBeNull();
  });

  it('leads to its login', async () => {
    const { user } = await openWindow(answers, '#/servers/1');
    await user.click(screen.getByRole('button', { name: 'Edit login' }));
    expect(screen.getByRole('dialog', { name: 'Edit web-1' })).toBeVisible();
    // The agent has no field of its own: the user that is logged in as.
    await waitFor(() => {
      expect(screen.getByRole('textbox', { name: 'User' })).toHaveFocus();
    });
  });

  it('leads to the password that was refused, to be replaced', async () => {
    const jumps = [{ host: 'bastion', port: 2222, user: 'jump', logins: [{ method: 'password' as const }] }];
    const target = ssh({ logins: [{ method: 'key', path: '~/.ssh/id', certificate: null }], jumps });
    const { failure: why, heldSince } = held;
    const secrets = [{ kind: 'password' as const, jump: hop }];
    const refused = view({ state: 'held', failure: why, heldSince, secrets }, { target });
    const { engine, user } = await openWindow(
      { snapshot: () => snapshot({ servers: [local(), refused] }), update_server: () => refused },
      '#/servers/1',
    );
    await user.click(screen.getByRole('button', { name: 'Edit login' }));
    const field = await screen.findByLabelText('Password', { selector: 'input[type="password"]' });
    await waitFor(() => {
      expect(field).toHaveFocus();
    });
    await user.keyboard('hunter2{Enter}');
    await waitFor(() => {
      expect(engine.argsOf('update_server')).toMatchObject([
        { form: { secrets: [{ slot: { kind: 'password', jump: hop }, change: { action: 'set', value: 'hunter2' } }] } },
      ]);
    });
  });

  it('says that it waits while it asks something, and not how it failed before', async () => {
    const { engine } = await openWindow(answers, '#/servers/1');
    await engine.tell({ type: 'prompt', prompt: prompt({ hop: 'ops@web1.example.org' }) });
    expect(screen.getByText(/ops@web1\.example\.org waits for your answer/)).toBeInTheDocument();
    expect(screen.getByText('Waits for you')).toBeInTheDocument();
    expect(screen.queryByText(/stands still/)).toBeNull();
  });
});

describe('a host key that a person has to look at', () => {
  it.each([
    ['host_key_unknown', 'Its host key is not known yet'],
    ['host_key_changed', 'Its host key has changed'],
  ])('is said in a line, with the details on demand: %s', async (code, title) => {
    const failed = failure({ code, stage: 'hostKey', message: 'A long story.', hint: 'A longer one.' });
    const { user } = await openWindow(
      { snapshot: () => snapshot({ servers: [local(), view({ state: 'unreachable', failure: failed })] }) },
      '#/servers/1',
    );
    expect(screen.getByText(title)).toBeVisible();
    expect(screen.getByRole('button', { name: 'Review host key' })).toBeVisible();
    expect(screen.queryByText('A longer one.')).toBeNull();
    await user.click(screen.getByRole('button', { name: 'Details' }));
    expect(screen.getByText('Host key: A long story.')).toBeVisible();
    expect(screen.getByText('A longer one.')).toBeVisible();
    await expectAccessible();
  });
});

describe('the connection of a server', () => {
  const target = ssh({
    logins: [{ method: 'key', path: '~/.ssh/id', certificate: null }, { method: 'password' }],
    jumps: [{ host: 'bastion', port: 2222, user: 'jump', logins: [{ method: 'password' }, { method: 'prompts' }] }],
  });
  const known = view({ secrets: [{ kind: 'password', jump: hop }] }, { target });
  const passed: TestReport = {
    steps: [step({ stage: 'login', hop }), step()],
    failure: null,
    hostKey: null,
    unavailable: [],
  };
  const refused: TestReport = {
    ...passed,
    failure: failure({ stage: 'login', hop, message: 'It refuses the login.' }),
  };
  const report: FootprintReport = {
    days: [
      {
        day: Date.now() - (Date.now() % 86_400_000),
        footprint: { logins: 61, channels: 9, received: 1_048_576, sent: 0, cpu: 30, collections: 7, startUp: 0.5 },
      },
    ],
    budget: { logins: 48, bytes: null, cpu: 600 },
    overBudget: ['61 logins, budget 48'],
    slowStartUp: 132,
  };
  const answers: Answers = {
    snapshot: () => snapshot({ servers: [local(), known] }),
    footprint: () => report,
    connection_tests: () => [
      { id: 2, at: NOW, report: passed },
      { id: 1, at: NOW - 60_000, report: refused },
    ],
  };
  const open = (over: Answers = {}) => openWindow({ ...answers, ...over }, '#/servers/1?part=connection');

  it('shows every host with its ways to log in, and which secrets are saved', async () => {
    await open();
    const rows = within(screen.getByRole('table', { name: 'The way' })).getAllByRole('row');
    expect(rows[1]).toHaveTextContent('jump@bastion:2222Jump host 1Password saved in the keyringPrompts');
    expect(rows[2]).toHaveTextContent('ops@web1.example.orgServerKey file ~/.ssh/idPassword not saved');
  });

  it('keeps the tests, each with its report', async () => {
    const { user } = await open();
    const tests = await screen.findByRole('list', { name: 'Connection tests' });
    const failed = within(tests).getByRole('button', { name: /Failed: Login at jump@bastion:2222/ });
    await user.click(failed);
    expect(within(tests).getByText('Login at the jump host jump@bastion:2222: It refuses the login.')).toBeVisible();
    await expectAccessible();
  });

  it('shows a new test without being opened again', async () => {
    const all = [{ id: 1, at: NOW, report: refused }];
    const { user } = await open({
      connection_tests: () => [...all],
      test_server: () => {
        all.unshift({ id: 2, at: NOW, report: passed });
        return passed;
      },
    });
    await user.click(await screen.findByRole('button', { name: 'Test now' }));
    await user.click(await screen.findByRole('button', { name: 'Done' }));
    const tests = screen.getByRole('list', { name: 'Connection tests' });
    await waitFor(() => {
      expect(within(tests).getAllByRole('listitem')).toHaveLength(2);
    });
  });

  it('shows the layers of whatever connected last: a test or a visit', async () => {
    const visit = collection({
      endedAt: NOW + 1,
      state: 'failed',
      stages: [{ stage: 'connect', family: null, hop, millis: 5 }],
      failure: failure({ stage: 'keyExchange', hop, message: 'It fell silent.' }),
    });
    await open({
      collections: () => [collection({ stages: [{ stage: 'probe', family: null, hop: null, millis: 1 }] }), visit],
    });
    const layers = await screen.findByRole('list', { name: `Layers of the connection: Jump host ${hop}` });
    expect(layers).toHaveTextContent('TCP connectionPassed5.0 msKey exchangeFailedIt fell silent.');
    expect(region('The last connection')).toHaveTextContent('visited');
  });

  it('shows today against the budget, the days, and slow start-up files', async () => {
    await open();
    expect(await screen.findByText('Over the budget of today: 61 logins, budget 48')).toBeVisible();
    expect(screen.getByText(/take 132 ms of CPU at every login/)).toBeVisible();
    const costs = region('What watching it costs');
    expect(within(costs).getByRole('meter', { name: 'Logins today, of the budget' })).toHaveAttribute(
      'aria-valuetext',
      '127 %',
    );
    expect(costs).toHaveTextContent('1.0 MiB no budget');
    expect(within(costs).getByRole('table', { name: 'Footprint by day' })).toHaveTextContent('30.0 s');
    await expectAccessible();
  });

  it('says that nothing was spent on a server that was never visited', async () => {
    await open({
      footprint: () => ({ ...report, days: [], overBudget: [], slowStartUp: null }),
      connection_tests: () => [],
    });
    expect(await screen.findByText('It was not visited in the last 14 days.')).toBeVisible();
    expect(screen.getByText('No test was made yet.')).toBeVisible();
    expect(screen.getByText('It was never connected to.')).toBeVisible();
  });

  it('hands out the least-privilege kit', async () => {
    const { user } = await open({
      restrict: () => ({
        script: '#!/bin/sh',
        path: '/usr/local/lib/hostrounds',
        authorizedKeys: 'restrict ssh-ed25519 AAAA',
        commands: ['install one', 'install two'],
        costs: ['Containers are not read.'],
      }),
    });
    await user.click(screen.getByRole('button', { name: 'Restrict the key' }));
    expect(await screen.findByText('Containers are not read.')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Copy the commands' }));
    expect(await navigator.clipboard.readText()).toBe('install one\ninstall two');
    await user.click(screen.getByRole('button', { name: 'The line for authorized_keys' }));
    expect(screen.getByText('restrict ssh-ed25519 AAAA')).toBeVisible();
    await expectAccessible();
  });

  it('is no part of this computer', async () => {
    await openWindow({}, '#/servers/0?part=connection');
    expect(screen.getAllByRole('tab').map((tab) => tab.textContent)).toEqual(['Metrics', 'Log']);
    expect(screen.getByRole('tab', { name: 'Metrics' })).toHaveAttribute('aria-selected', 'true');
  });
});

it.each([
  [-7_200, 'Clock 2 h behind'],
  [90, 'Clock 1 min 30 s ahead'],
])('says that the clock of a server is off by %i s', async (clockSkew, words) => {
  const facts = { hostname: 'web', os: null, kernel: null, architecture: null, cpuModel: null, clockSkew };
  await openWindow({ latest: () => latest({ facts }) }, '#/servers/1');
  expect(await screen.findByText(words)).toBeVisible();
});

describe('what the system says of itself', () => {
  const point = (metric: Point['metric'], value: number, attributes: Point['attributes'] = {}): Point => ({
    metric,
    value,
    attributes,
  });
  const open = (over: Partial<Latest>, of: Parameters<typeof view>[1] = {}) =>
    openWindow(
      { snapshot: () => snapshot({ servers: [local(), view({}, of)] }), latest: () => latest(over) },
      '#/servers/1',
    );

  it('stands in tables', async () => {
    const { user } = await open({
      tables: {
        units: [{ name: 'nginx.service', description: 'A web server' }],
        users: [{ user: 'ada', terminal: 'pts/0', from: null, since: '08:12' }],
        containers: [
          {
            name: 'web',
            image: 'nginx:1',
            state: 'exited',
            status: 'Exited',
            engine: 'docker',
            cpu: null,
            memory: null,
          },
        ],
        updates: Array.from({ length: 10 }, (_, index) => ({
          name: `package-${index}`,
          version: null,
          security: index === 9,
        })),
        reboot: ['linux-image'],
      },
    });
    expect(await screen.findByRole('table', { name: 'Failed units' })).toHaveTextContent('nginx.serviceA web server');
    expect(screen.getByRole('table', { name: 'Logged-in users' })).toHaveTextContent('adapts/008:12');
    const [cell] = within(screen.getByRole('table', { name: 'Containers' })).getAllByRole('note');
    expect(cell).toHaveTextContent('n/a');
    const updates = screen.getByRole('table', { name: 'Pending updates' });
    expect(within(updates).getAllByRole('row')[1]).toHaveTextContent(/package-9\s*Security/);
    expect(within(updates).getAllByRole('row')).toHaveLength(9);
    await user.click(screen.getByRole('button', { name: 'Show all 10' }));
    expect(within(updates).getAllByRole('row')).toHaveLength(11);
    expect(screen.getByText('A reboot is required')).toBeVisible();
    await expectAccessible();
  });

  it('is told where there is nothing of it', async () => {
    await open({ tables: { units: [], users: [], containers: [], updates: [], reboot: [] } });
    for (const text of [
      'No unit has failed.',
      'Nobody is logged in.',
      'There is no container.',
      'No reboot is required.',
    ])
      expect(await screen.findByText(text)).toBeVisible();
  });

  it('stands in small tables of values', async () => {
    await open({
      points: [
        point('hw.temperature', 41, { 'hw.name': 'nvme' }),
        point('hw.temperature', 54, { 'hw.name': 'coretemp' }),
        point('system.network.connection.count', 7, { 'network.connection.state': 'time_wait' }),
        point('system.pressure.utilization', 0.02, {
          'system.pressure.resource': 'memory',
          'system.pressure.kind': 'some',
        }),
        point('hw.gpu.utilization', 0.3, { 'hw.gpu': '0 L4' }),
        point('hw.battery.charge', 0.8, { 'hw.battery': 'BAT0' }),
        point('hw.battery.discharging', 1, { 'hw.battery': 'BAT0' }),
        point('system.file_handle.count', 4_212),
      ],
    });
    expect(await screen.findByRole('table', { name: 'Temperatures' })).toHaveTextContent('coretemp54 °Cnvme41 °C');
    expect(screen.getByRole('table', { name: 'TCP connections' })).toHaveTextContent('time wait7');
    expect(screen.getByRole('table', { name: 'Pressure' })).toHaveTextContent('Memory2.0 %n/a');
    expect(screen.getByRole('table', { name: 'GPUs' })).toHaveTextContent('0 L430 %n/a of n/an/a');
    expect(screen.getByRole('table', { name: 'Batteries' })).toHaveTextContent('BAT0, being drained80 %');
    expect(screen.getByRole('table', { name: 'File handles' })).toHaveTextContent('Open4,212');
  });

  it('is quiet about what is switched off, and says why something is not available', async () => {
    await open(
      { unavailable: [{ family: 'containers', reason: 'Neither docker nor podman is installed.', partial: false }] },
      { familiesOff: ['gpus', 'filesystems'] },
    );
    await waitFor(() => {
      expect(region('Not read from this server')).toHaveTextContent(
        'ContainersNot available: Neither docker nor podman is installed.',
      );
    });
    expect(region('Not read from this server')).toHaveTextContent('GPUsSwitched off');
    expect(region('Filesystems')).toHaveTextContent('Switched off');
    expect(screen.queryByRole('table', { name: 'GPUs' })).toBeNull();
  });

  it('says of which family not all is kept', async () => {
    const reason = 'Only 1024 filesystems are kept; the system has more.';
    await open({
      points: [point('system.filesystem.utilization', 0.5, { 'system.filesystem.mountpoint': '/' })],
      unavailable: [{ family: 'filesystems', reason, partial: true }],
    });
    await waitFor(() => {
      expect(region('Filesystems')).toHaveTextContent(`Not complete${reason}`);
    });
    expect(region('Not read from this server')).toHaveTextContent(`FilesystemsNot complete: ${reason}`);
    expect(screen.getByRole('table', { name: 'Filesystems' })).toBeVisible();
  });

  it('shows the fullest of very many filesystems, and says that there are more', async () => {
    const points = Array.from({ length: 150 }, (_, number) => ({
      metric: 'system.filesystem.utilization' as const,
      attributes: { 'system.filesystem.mountpoint': `/m${number}`, 'system.device': 'disk' },
      value: number / 150,
    }));
    await open({ points });
    await waitFor(() => {
      expect(region('Filesystems')).toHaveTextContent('The 100 fullest of 150 filesystems');
    });
    const rows = within(region('Filesystems')).getAllByRole('row').slice(1);
    expect(rows).toHaveLength(100);
    expect(rows[0]).toHaveTextContent('/m50');
    expect(rows[99]).toHaveTextContent('/m149');
  });

  it('says when a disk will be full, and sorts by it', async () => {
    const places = ['/', '/srv', '/var'].map((mount) => ({
      'system.filesystem.mountpoint': mount,
      'system.device': 'disk',
    }));
    const days = (mountpoint: string, fullIn: number) => ({
      mountpoint,
      device: 'disk',
      fullIn: fullIn * 86_400,
      earliest: fullIn * 0.75 * 86_400,
      latest: fullIn * 1.5 * 86_400,
    });
    const { user } = await open({
      points: places.map((place) => point('system.filesystem.utilization', 0.5, place)),
      tables: { forecasts: [days('/srv', 12), days('/var', 2)] },
    });
    const table = await screen.findByRole('table', { name: 'Filesystems' });
    const mounts = () =>
      within(table)
        .getAllByRole('rowheader')
        .map(({ textContent }) => textContent);
    expect(within(table).getByRole('row', { name: /srv/ })).toHaveTextContent('about 12 days (9 to 18)');
    expect(within(table).getByRole('row', { name: /var/ })).toHaveTextContent('about 2 days (1.5 to 3)');
    expect(mounts()).toEqual(['/', '/srv', '/var']);
    await user.click(within(table).getByRole('button', { name: 'Full in' }));
    expect(mounts()).toEqual(['/var', '/srv', '/']);
    expect(within(table).getByRole('columnheader', { name: 'Full in' })).toHaveAttribute('aria-sort', 'ascending');
    await user.click(within(table).getByRole('button', { name: 'Full in' }));
    expect(mounts()).toEqual(['/srv', '/var', '/']);
  });
});
