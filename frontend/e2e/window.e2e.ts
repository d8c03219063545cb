// The window itself: how it starts, what it does when it cannot, and how it ends.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { App, appProgram } from './support/app.ts';
import { Screen } from './support/screen.ts';

let app: App | undefined;

afterEach(async () => {
  await app?.stop();
  app = undefined;
});

test('speaks a language that exists where the system names none', async () => {
  app = await App.start();
  expect(process.env.LANG).toBe('C.UTF-8');
  const spoken = await app.window.execute(() => [navigator.language, ...navigator.languages]);
  for (const language of spoken) expect(() => new Intl.NumberFormat(language)).not.toThrow();
});

test('a second start shows the first window and ends', async () => {
  app = await App.start();
  execFileSync(appProgram, [], { timeout: 10_000 });
  await new Screen(app.window).sees('Overview');
});

test('ends when its window is closed', async () => {
  app = await App.start();
  await new Screen(app.window).sees('Overview');
  await app.close();
  app = undefined;
});

test('says why the history cannot be opened, and opens it once it can', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hostrounds-data-'));
  const data = join(folder, 'data');
  try {
    writeFileSync(data, 'a file where a folder should be');
    app = await App.start('--data-dir', data);
    const screen = new Screen(app.window);
    await screen.sees('Try again');
    await screen.keep('broken-store');
    rmSync(data);
    await screen.press('Try again');
    await screen.sees('This computer');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('lets no script of a page reach more than the commands of the application', async () => {
  app = await App.start();
  const refused = await app.window.executeAsync((done: (answer: string) => void) => {
    const tauri = (window as unknown as { __TAURI_INTERNALS__: { invoke: (command: string) => Promise<unknown> } }).__TAURI_INTERNALS__;
    tauri.invoke('plugin:window|close').then(() => { done('it was carried out'); }, (error: unknown) => { done(String(error)); });
  });
  expect(refused).toContain('not allowed');
  expect(await app.window.execute(() => Object.isFrozen(Object.prototype))).toBe(true);
});
