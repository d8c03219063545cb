// Ways to a server, as a person meets them. The tests of this file build on each other.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { App } from './support/app.ts';
import { Screen } from './support/screen.ts';
import { Sshd } from './support/sshd.ts';
import { TestServer } from './support/testbed.ts';
import { until } from './support/wait.ts';

let gate: Sshd;
let inner: Sshd;
let asking: TestServer | undefined;
let app: App;
let screen: Screen;

async function is(server: string, state: RegExp): Promise<void> {
  await until(`${server} is ${String(state)}`, async () => state.test(await screen.stateOf(server)));
}

function host(alias: string, sshd: Sshd, ...more: string[]): string {
  const lines = [
    'HostName 127.0.0.1',
    `Port ${String(sshd.port)}`,
    `User ${sshd.user}`,
    `IdentityFile ${sshd.keyFile}`,
    ...more,
  ];
  return [`Host ${alias}`, ...lines.map((line) => `  ${line}`), ''].join('\n');
}

beforeAll(async () => {
  const folder = join(String(process.env.HOME), '.ssh');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  [gate, inner] = await Promise.all([Sshd.start(), Sshd.start()]);
  const config = [
    host('gate', gate),
    host('inner', inner, 'ProxyJump gate'),
    'Match host elsewhere',
    '  User nobody',
    '',
  ];
  writeFileSync(join(folder, 'config'), config.join('\n'), { mode: 0o600 });
  app = await App.start();
  screen = new Screen(app.window);
});

beforeEach(({ onTestFailed, task }) => {
  onTestFailed(() => screen.keepFailure(task.name));
});

afterAll(async () => {
  await app.stop();
  await Promise.all([gate.remove(), inner.remove(), asking?.stop()]);
});

describe('the SSH configuration', () => {
  test('is shown before it is taken over, with what is left out', async () => {
    await screen.press('More ways to add servers');
    await screen.within('More ways to add servers').press('Import from the SSH configuration');
    await screen.sees(/inner[^]*via /);
    await screen.press('Not taken over: 1 entry');
    await screen.sees('Match host elsewhere');
    await screen.keep('import');
    await screen.press('Import 2 servers');
    await screen.sees('2 servers were added');
    await screen.keep('import-added');
  });

  test('is tried before anything is visited: what passes is switched on', async () => {
    await screen.press('Test all and switch on what passes');
    await screen.sees('2 of 2 servers tested: 0 switched on, 2 still off.');
    await screen.keep('import-tested');
    await screen.press('Review host key of gate');
    await screen.sees(gate.fingerprint);
    await screen.press('Accept host key');
    await screen.sees('2 of 2 servers tested: 1 switched on, 1 still off.');
    await screen.press('Done');
    await is('gate', /Up/);
    await is('inner', /Disabled/);
  });

  test('leads through its jump host: each asks for its own key', async () => {
    await screen.press('Actions for inner');
    await screen.press('Test connection');
    await screen.sees(inner.fingerprint);
    await screen.press('Accept host key');
    await screen.sees('Connection test passed');
    await screen.sees(/Jump host .*:\d+/);
    await screen.keep('test-through-jump');
    await screen.press('Enable');
    await screen.press('Done');
    await is('inner', /Up/);
  });
});

describe('the form', () => {
  test('takes several ways to log in, tried in turn, and jump hosts with ways of their own', async () => {
    await screen.press('Add server');
    await screen.fill('Name', 'two-ways');
    await screen.fill('Host', '127.0.0.1');
    await screen.fill('Port', String(inner.port));
    await screen.fill('User', inner.user);
    await screen.choose('Key file');
    await screen.fill('Private key file', inner.strangersKeyFile);
    await screen.press('Add another way to log in');
    const second = screen.within('Way 2');
    await second.choose('Key file');
    await second.fill('Private key file', inner.keyFile);
    await screen.press('Reach it through a jump host');
    const jump = screen.within('Jump host 1');
    await jump.fill('Host', '127.0.0.1');
    await jump.fill('Port', String(gate.port));
    await jump.fill('User', gate.user);
    await jump.turn('Log in as on the server');
    await jump.choose('Key file');
    await jump.fill('Private key file', gate.keyFile);
    await screen.keep('form-jump');
    await screen.press('Test connection');
    await screen.sees('Connection test passed');
    await screen.press('Remove jump host 1');
    await screen.press('Add server');
    await screen.sees('two-ways was added');
    await is('two-ways', /Up/);
  });
});

describe('the page of a server', () => {
  test('shows its connection: the way, the tests and what watching costs', async () => {
    await screen.follow('inner');
    await screen.press('Connection');
    await screen.sees(/Tests[^]*Passed/);
    await screen.sees(/Logins today\s+\d/);
    await screen.keep('connection');
    await screen.press('Restrict the key');
    await screen.sees('What it costs');
    await screen.press('Copy the commands');
    await screen.sees('Copied');
    await screen.press('Done');
    await screen.follow('Overview');
  });
});

describe('a server that refuses the login', () => {
  test('is held until a person tries it again', async () => {
    await screen.press('Collect gate now');
    await is('gate', /Up/);
    await gate.lockOut();
    await screen.press('Collect gate now');
    await is('gate', /Held/);
    await screen.follow('gate');
    await screen.sees('The schedule stands still');
    await screen.keep('held');
    await screen.press('Edit login');
    await until('the key file has the focus', async () => (await screen.focused()) === 'Private key file');
    await screen.press('Cancel');
    gate.letIn();
    await screen.press('Try now');
    await screen.seesNoMore('The schedule stands still');
    await screen.follow('Overview');
    await is('gate', /Up/);
  });
});

describe('a host key that has changed', () => {
  test('is replaced only by somebody who says that they know why', async () => {
    const old = inner.fingerprint;
    await inner.setUpAnew();
    await screen.press('Collect two-ways now');
    await is('two-ways', /Review host key/);
    await screen.press('Actions for two-ways');
    await screen.press('Test connection');
    await screen.sees('The host key has changed');
    const shown = await screen.sees(inner.fingerprint);
    expect(shown).toContain(old);
    await screen.keep('host-key-changed');
    await screen.choose('I have compared the fingerprints, and I know why the key has changed.');
    await screen.press('Replace the key');
    await screen.sees('Connection test passed');
    await screen.press('Done');
    await screen.press('Collect two-ways now');
    await is('two-ways', /Up/);
  });
});

describe('a server that asks', () => {
  test('is answered by a person, who can give up', async () => {
    asking = await TestServer.start('endless-questions');
    await screen.press('Add server');
    await screen.fill('Name', 'asking');
    await screen.fill('Host', '127.0.0.1');
    await screen.fill('Port', String(asking.port));
    await screen.fill('User', asking.user);
    await screen.choose('Prompts');
    await screen.press('Test connection');
    await screen.press('Accept host key');
    await screen.sees('asks before it lets you in');
    await screen.sees('left to answer');
    await screen.keep('prompt');
    // It asks the same again, whatever it is told.
    await screen.press('Answer');
    await screen.press('Give up');
    await screen.seesNoMore('asks before it lets you in');
    await screen.sees(/Login\s+Failed/);
    await screen.press('Cancel');
    await screen.press('Discard');
  });
});
