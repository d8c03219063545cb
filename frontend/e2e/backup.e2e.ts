// What takes the place of the data: a database that is damaged is kept, a backup is restored, a configuration is taken over.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { App } from './support/app.ts';
import { chooseFile } from './support/dialog.ts';
import { Screen } from './support/screen.ts';

let app: App | undefined;
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hostrounds-backup-'));
});

afterEach(async () => {
  await app?.stop();
  app = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const config = `version = 1

[[server]]
name = "from-a-file"
host = "192.0.2.1"
user = "ops"
logins = [{ method = "agent" }]
enabled = false
colour = "blue"
`;

test('says that the database is damaged, keeps it, and begins anew when a person says so', async () => {
  const data = join(folder, 'data');
  mkdirSync(data);
  const damage = 'what is left of a database '.repeat(1000);
  writeFileSync(join(data, 'hostrounds.db'), damage);
  app = await App.start('--data-dir', data);
  const screen = new Screen(app.window);
  await screen.sees('is damaged');
  await screen.keep('damaged-database');
  expect(readFileSync(join(data, 'hostrounds.db'), 'utf8')).toBe(damage);
  await screen.press('Try again');
  await screen.sees('is damaged');
  await screen.press('Begin anew…');
  await screen.press('Move aside and begin anew');
  await screen.sees('This computer');
  const aside = readdirSync(data).filter((name) => name.includes('.set-aside-'));
  expect(aside.map((name) => readFileSync(join(data, name), 'utf8'))).toEqual([damage]);
});

test('shows what a configuration would change, takes it over, and goes back to a backup', async () => {
  app = await App.start('--data-dir', join(folder, 'data'));
  const screen = new Screen(app.window);
  await screen.follow('Settings');
  await screen.press('Back up…');
  const backup = join(folder, 'before.db');
  await chooseFile('Save a backup', backup);
  await screen.sees(`Backup written: ${backup}`);

  const file = join(folder, 'team.toml');
  writeFileSync(file, config);
  await screen.press('Import a configuration…');
  await chooseFile('Choose a configuration file', file);
  await screen.sees('from-a-file: colour');
  await screen.keep('config-import');
  await screen.press('Import');
  await screen.sees('1 server added');
  await screen.press('Done');
  await screen.follow('Overview');
  await screen.sees('from-a-file');

  await screen.follow('Settings');
  await screen.press('Restore a backup…');
  await chooseFile('Choose a backup', backup);
  await screen.sees('0 servers');
  await screen.keep('restore');
  await screen.press('Restore');
  await screen.sees('The backup was restored');
  await screen.press('Done');
  await screen.follow('Overview');
  const text = await screen.sees('This computer');
  expect(text).not.toContain('from-a-file');
});
