// The main job from its first step to its last, as a person does it. The tests of this file build on each other.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { App } from './support/app.ts';
import { notifications } from './support/desk.ts';
import { valuesKeptUpTo } from './support/history.ts';
import { Screen } from './support/screen.ts';
import { Sshd } from './support/sshd.ts';
import { until } from './support/wait.ts';

const SERVER = 'web-1';

let sshd: Sshd;
let app: App | undefined;
let screen: Screen;

async function open(): Promise<void> {
  app = await App.start();
  screen = new Screen(app.window);
}

async function kept(upTo: number): Promise<number> {
  const id = Number(/servers\/(\d+)/.exec(await screen.window.getUrl())?.[1]);
  return valuesKeptUpTo(screen.window, id, upTo);
}

async function collected(state: RegExp, within?: number): Promise<void> {
  await until(`${SERVER} is ${String(state)}`, async () => state.test(await screen.stateOf(SERVER)), within);
}

beforeAll(async () => {
  sshd = await Sshd.start();
  await open();
});

beforeEach(({ onTestFailed, task }) => {
  onTestFailed(() => screen.keepFailure(task.name));
});

afterAll(async () => {
  await app?.stop();
  await sshd.remove();
});

describe('this computer', () => {
  test('is watched out of the box, and its values move', async () => {
    await screen.sees('This computer');
    const first = await until('the first values', async () => {
      const values = await screen.valuesOf('local');
      return values.includes('%') && values;
    });
    await until('the values move', async () => (await screen.valuesOf('local')) !== first);
    await screen.keep('overview-first');
  });

  test('can be told to raise no alerts, however busy it is', async () => {
    await screen.press('Actions for local');
    await screen.press('Edit');
    await screen.fill('CPU threshold', '');
    await screen.fill('Memory threshold', '');
    await screen.fill('Disk threshold', '');
    await screen.press('Save');
    await screen.sees('local was saved');
    await screen.seesNoMore('Alert firing');
  });
});

describe('the form', () => {
  test('says what is wrong and what would be right', async () => {
    await screen.press('Add server');
    await screen.press('Add server');
    await screen.sees('Give the server a name.');
    await screen.sees('Enter the name or the address of the server.');
    await screen.sees('Enter the user that logs in on the server.');

    await screen.fill('Host', 'ssh://web');
    await screen.fill('Port', '70000');
    await screen.choose('Key file');
    await screen.fill('Private key file', `${sshd.keyFile}.pub`);
    await screen.select('Interval', 'Custom');
    await screen.fill('Seconds between visits', '1');
    await screen.fill('CPU threshold', '101');
    await screen.press('Add server');
    await screen.sees('Enter only a host name or an address');
    await screen.sees('The port is a number from 1 to 65535');
    await screen.sees('That is a public key.');
    await screen.sees('60 or more is recommended');
    await screen.sees('A threshold is a percentage from 1 to 100');
    // What only hints at what could be typed does not look like something that is wrong.
    const [wrong, fine] = [await screen.hintColor('User'), await screen.hintColor('Environment')];
    expect(wrong).toBe(fine);
    await screen.keep('form-wrong');
  });

  test('names the TCP connection as the step that fails for a wrong port', async () => {
    await screen.fill('Name', SERVER);
    await screen.fill('Host', '127.0.0.1');
    await screen.fill('Port', '1');
    await screen.fill('User', sshd.user);
    await screen.fill('Private key file', sshd.keyFile);
    await screen.fill('Seconds between visits', '5');
    // A machine that runs tests may be as busy as it likes.
    await screen.fill('CPU threshold', '');
    await screen.press('Test connection');
    await screen.sees(/TCP connection\s+Failed/);
    await screen.sees('Check the port');
  });

  test('asks about an unknown host key, and passes once it is accepted', async () => {
    await screen.fill('Port', String(sshd.port));
    await screen.press('Test connection');
    await screen.sees('Unknown host key');
    await screen.sees(sshd.fingerprint);
    await screen.keep('host-key');
    await screen.press('Accept host key');
    await screen.sees('Connection test passed');
    await screen.keep('form-tested');
  });

  test('names the login as the step that fails for a wrong user, and the credential for a key file that is not there', async () => {
    await screen.fill('User', 'nobody-of-this-name');
    await screen.press('Test connection');
    await screen.sees(/Login\s+Failed/);
    await screen.fill('User', sshd.user);

    await screen.fill('Private key file', `${sshd.keyFile}-missing`);
    await screen.press('Test connection');
    await screen.sees(/Credential\s+Failed\s[^]*client_key-missing/);
    await screen.fill('Private key file', sshd.keyFile);
  });
});

describe('a server', () => {
  test('is collected as soon as it is added', async () => {
    await screen.press('Add server');
    await screen.sees(`${SERVER} was added`);
    await collected(/Up/);
    expect(await screen.valuesOf(SERVER)).toMatch(/%/);
    await screen.keep('overview');
  });

  test('is refused a second time under the same name', async () => {
    await screen.press('Add server');
    await screen.fill('Name', SERVER);
    await screen.fill('Host', '127.0.0.1');
    await screen.fill('User', sshd.user);
    await screen.press('Add server');
    await screen.sees('Another server has this name.');
    await screen.press('Cancel');
    await screen.press('Discard');
  });

  test('has a page of its own', async () => {
    await screen.follow(SERVER);
    await screen.sees('Memory');
    await screen.sees('Top processes');
    await screen.keep('server');
  });
});

describe('an alert', () => {
  test('fires when a threshold lies below the load: toast, list and notification', async () => {
    await screen.follow('Overview');
    await screen.press(`Actions for ${SERVER}`);
    await screen.press('Edit');
    await screen.fill('Memory threshold', '1');
    await screen.press('Save');
    await screen.sees(new RegExp(`Alert firing\\s+${SERVER}: memory at`), 60_000);
    await screen.keep('toast');

    const received = await until('the notification arrives', () =>
      notifications().find(({ summary, body }) => `${summary} ${body}`.includes(`${SERVER}: memory at`)),
    );
    expect(received.app).toBe('Hostrounds');

    await screen.follow('Alerts');
    await until('the alert is listed', async () => (await screen.rowsOf('Firing alerts', `${SERVER}: memory at`)) === 1);
    await screen.keep('alerts');
  });

  test('is resolved when the threshold lies above the load again', async () => {
    await screen.follow('Overview');
    await screen.press(`Actions for ${SERVER}`);
    await screen.press('Edit');
    await screen.fill('Memory threshold', '');
    await screen.press('Save');
    await screen.sees('Alert resolved', 60_000);
    await screen.follow('Alerts');
    await until('the alert is history', async () => (await screen.rowsOf('Resolved alerts', `${SERVER}: memory at`)) === 1);
    expect(await screen.rowsOf('Firing alerts', SERVER)).toBe(0);
  });
});

describe('the queue', () => {
  test('is paused and resumed', async () => {
    await screen.follow('Queue');
    await screen.press('Pause');
    await screen.sees('Resume');
    await screen.keep('queue-paused');
    await screen.press('Resume');
    await screen.sees('Pause');
    await screen.keep('queue');
  });
});

describe('after a restart', () => {
  test('the server and its history are still there', async () => {
    await screen.follow('Overview');
    await screen.follow(SERVER);
    await screen.press('Log');
    await until('a few collections', async () => (await screen.rowsOf('Last collections', 'Completed')) >= 3);
    const stopped = Date.now();
    const before = await kept(stopped);
    expect(before).toBeGreaterThanOrEqual(3);

    await app?.stop();
    await open();
    await collected(/Up/);
    await screen.follow(SERVER);
    await until('the same values', async () => (await kept(stopped)) >= before);
    await screen.press('Log');
    await screen.sees('Completed');
    await screen.keep('server-restarted');
    await screen.follow('Overview');
  });
});

describe('a server that goes away', () => {
  test('is unreachable, with the cause', async () => {
    await sshd.cut();
    await screen.press(`Collect ${SERVER} now`);
    await collected(/Retrying/);
    await collected(/Unreachable/, 60_000);
    expect(await screen.stateOf(SERVER)).toMatch(/refuses connections/);
    await screen.keep('unreachable');
    await screen.follow('Queue');
    await screen.sees('Failed');
    await screen.keep('queue-failed');
  });

  test('recovers when it comes back', async () => {
    await sshd.resume();
    await screen.follow('Overview');
    await screen.press(`Collect ${SERVER} now`);
    await collected(/Up/);
  });
});
