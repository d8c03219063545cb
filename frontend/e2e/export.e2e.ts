// Charts and tables leave the window as files, through the dialog of the desktop.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { App } from './support/app.ts';
import { dismiss, saveAs } from './support/dialog.ts';
import { Screen } from './support/screen.ts';
import { until } from './support/wait.ts';

const DIALOG = 'Export';

let app: App | undefined;
let screen: Screen;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hostrounds-exports-'));
  app = await App.start();
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

test('a chart becomes a file of every value, readable only by its owner', async () => {
  await screen.follow('local');
  await screen.press('Export Memory…');
  await screen.press('CSV');
  const file = join(folder, 'memory.csv');
  await saveAs(DIALOG, file);
  await screen.sees(/rows? exported to memory\.csv/);
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  expect(lines[0]).toBe('time,server,metric,value,unit');
  expect(lines[1]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z,local,system\.memory\.utilization,0\.\d+,1$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a table becomes a workbook, whose ending need not be typed', async () => {
  await screen.press('Export filesystems…');
  await screen.press('Excel workbook (XLSX)');
  await saveAs(DIALOG, join(folder, 'disks'));
  await screen.sees(/rows? exported to disks\.xlsx/);
  expect(readFileSync(join(folder, 'disks.xlsx')).subarray(0, 2).toString()).toBe('PK');
});

test('a dialog that is dismissed writes nothing and says nothing', async () => {
  const before = readdirSync(folder);
  await screen.press('Export filesystems…');
  await screen.press('JSON');
  await dismiss(DIALOG);
  await screen.press('Export filesystems…');
  await screen.press('JSON');
  await saveAs(DIALOG, join(folder, 'after.json'));
  await screen.sees('exported to after.json');
  expect(existsSync(join(folder, 'after.json'))).toBe(true);
  expect(readdirSync(folder).sort()).toEqual([...before, 'after.json'].sort());
});
