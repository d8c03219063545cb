// The form of a server without a mouse: its order, what shows the focus, where the focus goes when a dialog closes.

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { App } from './support/app.ts';
import { Screen } from './support/screen.ts';
import { Sshd } from './support/sshd.ts';
import { until } from './support/wait.ts';

let sshd: Sshd;
let app: App;
let screen: Screen;

async function has(name: string): Promise<void> {
  await until(`"${name}" has the focus`, async () => (await screen.focused()) === name).catch(async (error: unknown) => {
    throw new Error(`${(error as Error).message}; "${await screen.focused()}" has it`);
  });
}

beforeAll(async () => {
  sshd = await Sshd.start();
  app = await App.start();
  screen = new Screen(app.window);
});

beforeEach(({ onTestFailed, task }) => {
  onTestFailed(() => screen.keepFailure(task.name));
});

afterAll(async () => {
  await app.stop();
  await sshd.remove();
});

test('the form opens at its first field, and closes to where it was opened', async () => {
  await screen.sees('This computer');
  await screen.tabTo('Add server');
  expect(await screen.focusShows()).toBe(true);
  await screen.type('Enter');
  await has('Name');
  await screen.type('Escape');
  await has('Add server');
});

test('every field is come to in its order, shows the focus, and Tab never leaves the form', async () => {
  await screen.type('Enter');
  await has('Name');
  const way: string[] = [];
  for (let step = 0; step < 60; step += 1) {
    way.push(await screen.focused());
    expect(await screen.focusShows(), `"${way.at(-1) ?? ''}" shows that it has the focus`).toBe(true);
    await screen.type('Tab');
    if ((await screen.focused()) === 'Name') break;
  }
  const order = [
    'Name', 'Host', 'Port', 'User', 'SSH agent', 'Key and socket', 'Add another way to log in', 'Reach it through a jump host',
    'Environment', 'Tags', 'Collect on a schedule', 'Interval', 'What is read', 'CPU threshold', 'Memory threshold', 'Disk threshold', 'Days until a disk is full',
    'Test connection', 'Cancel', 'Add server', 'Close',
  ];
  expect(way).toEqual(order);
});

test('a server is added with the keyboard alone, its host key compared on the way', async () => {
  await has('Name');
  await screen.type('by-keys');
  await screen.tabTo('Host');
  await screen.type('127.0.0.1');
  await screen.tabTo('Port');
  await app.window.keys(['Control', 'a']);
  await screen.type(String(sshd.port), 'Tab');
  await has('User');
  await screen.type(sshd.user, 'Tab');
  await has('SSH agent');
  await screen.type('ArrowRight');
  await has('Key file');
  await screen.type('Tab');
  await has('Private key file');
  await screen.type(sshd.keyFile);
  await screen.keep('keyboard-form');
  await screen.tabTo('Test connection');
  await screen.type('Enter');
  await screen.sees('Unknown host key');
  await has('Cancel');
  await screen.type('Tab');
  await has('Accept host key');
  await screen.keep('keyboard-host-key');
  await screen.type('Enter');
  await screen.sees('Connection test passed');
  await has('Test connection');
  await screen.tabTo('Add server');
  await screen.type('Enter');
  await screen.sees('by-keys was added');
  await has('Add server');
});

test('what is wrong takes the focus, and what was typed is not lost by Escape', async () => {
  await screen.type('Enter');
  await has('Name');
  await screen.type('again', 'Enter');
  await screen.sees('Enter the name or the address of the server.');
  await has('Host');
  await screen.type('Escape');
  await screen.sees('Discard what you entered?');
  await has('Keep editing');
  await screen.type('Enter');
  await has('Host');
  await screen.type('Escape');
  await has('Keep editing');
  await screen.type('Tab');
  await has('Discard');
  await screen.type('Enter');
  await has('Add server');
});
