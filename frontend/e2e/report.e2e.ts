// A report leaves the window as a file, through the dialog of the desktop.

import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { App } from './support/app.ts';
import { dismiss, chooseFile } from './support/dialog.ts';
import { Screen } from './support/screen.ts';
import { until } from './support/wait.ts';

const DIALOG = 'Report';

let app: App | undefined;
let screen: Screen;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hostrounds-reports-'));
  app = await App.start('--data-dir', join(folder, 'data'));
  screen = new Screen(app.window);
  await until('the first values', async () => (await screen.valuesOf('local')).includes('%'));
});

beforeEach(({ onTestFailed, task }) => {
  onTestFailed(() => screen.keepFailure(task.name));
});

afterAll(async () => {
  await app?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a dialog that is dismissed leaves everything as it was', async () => {
  await screen.follow('Reports');
  await screen.press('Save report');
  await dismiss(DIALOG);
  await screen.sees('Save report');
});

test('a report is one file that says what was observed and loads nothing', async () => {
  await screen.press('Save report');
  await chooseFile(DIALOG, join(folder, 'week'));
  await screen.sees('week.html is saved.');
  await screen.keep('report');
  const file = join(folder, 'week.html');
  const page = readFileSync(file, 'utf8');
  expect(page).toContain('<h1>Report on local</h1>');
  expect(page).toContain('<dt>Uptime</dt><dd>100 %</dd>');
  expect(page).not.toMatch(/<script|https?:\/\//);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});
