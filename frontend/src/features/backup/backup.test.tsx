import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';

import type { BackupFile } from '../../api/gen/BackupFile';
import type { ConfigPreview } from '../../api/gen/ConfigPreview';
import { refusal, type Answers } from '../../test/engine';
import { NOW, snapshot } from '../../test/fixtures';
import { expectAccessible, openWindow } from '../../test/render';

const file: BackupFile = {
  path: '/media/disk/hostrounds.db',
  size: 3 * 1024 * 1024,
  madeAt: NOW,
  madeBy: '0.1.0',
  servers: 3,
  newest: NOW,
};

const preview: ConfigPreview = {
  id: 'import-1',
  file: '/home/ada/team.toml',
  entries: [
    { kind: 'settings', name: 'settings', outcome: 'same', details: [], secrets: [] },
    { kind: 'server', name: 'db', outcome: 'added', details: ['ops@db'], secrets: ['password'] },
    { kind: 'server', name: 'web', outcome: 'changed', details: ['interval 900 s to 60 s'], secrets: [] },
  ],
  hostKeys: [
    { host: 'db', algorithm: 'ssh-ed25519', fingerprint: 'SHA256:abc', outcome: 'added', reason: null },
    {
      host: 'web',
      algorithm: 'ssh-ed25519',
      fingerprint: 'SHA256:def',
      outcome: 'refused',
      reason: 'Another key is known.',
    },
  ],
  unknown: ['web: colour'],
};

async function openSettings(answers: Answers) {
  const opened = await openWindow(answers, '#/settings');
  await screen.findByRole('heading', { name: 'Settings' });
  return opened;
}

describe('backups', () => {
  it('are written where a person says, and say so', async () => {
    const { user } = await openSettings({ back_up: () => ({ path: '/media/disk/a.db', size: 1024 }) });
    await user.click(screen.getByRole('button', { name: 'Back up…' }));
    expect(await screen.findByText('Backup written: /media/disk/a.db (1.0 KiB)')).toBeVisible();
    await expectAccessible();
  });

  it('are shown before they are restored, and everything is read again afterwards', async () => {
    const { engine, user } = await openSettings({
      choose_backup: () => [4, file],
      restore_backup: () => ({ aside: '/data/hostrounds.db.before-restore-1' }),
    });
    await user.click(screen.getByRole('button', { name: 'Restore a backup…' }));
    const dialog = await screen.findByRole('dialog', { name: 'Restore a backup' });
    expect(dialog).toHaveTextContent('/media/disk/hostrounds.db');
    expect(dialog).toHaveTextContent('3 servers, observed until');
    await expectAccessible();
    expect(engine.argsOf('restore_backup')).toEqual([]);
    await user.click(within(dialog).getByRole('button', { name: 'Restore' }));
    expect(engine.argsOf('restore_backup')).toEqual([{ id: 4 }]);
    expect(await screen.findByText('/data/hostrounds.db.before-restore-1')).toBeVisible();
    const before = engine.argsOf('snapshot').length;
    await user.click(screen.getByRole('button', { name: 'Done' }));
    expect(engine.argsOf('snapshot').length).toBe(before + 1);
  });

  it('that cannot be restored say why, and nothing is asked where none was chosen', async () => {
    const answers: Answers = {
      choose_backup: () => refusal({ code: 'backup', message: 'It is empty.', hint: 'Choose another.' }),
    };
    const { user } = await openSettings(answers);
    await user.click(screen.getByRole('button', { name: 'Restore a backup…' }));
    expect(await screen.findByText('It is empty.')).toBeVisible();
    expect(screen.queryByRole('dialog')).toBeNull();
  });
});

describe('the configuration', () => {
  it('is compared before anything changes; host keys are a decision of their own', async () => {
    const { engine, user } = await openSettings({
      choose_config: () => ({ ...preview, hostKeys: preview.hostKeys.slice(0, 1) }),
      import_config: () => ({ added: 1, changed: 1, settings: false, hostKeys: 1 }),
    });
    await user.click(screen.getByRole('button', { name: 'Import a configuration…' }));
    const table = await screen.findByRole('table', { name: 'What the file holds' });
    expect(table).toHaveTextContent('dbNewops@dbTo be given afterwards: password');
    expect(table).toHaveTextContent('webChangedinterval 900 s to 60 s');
    expect(screen.getByText('web: colour')).toBeVisible();
    expect(screen.queryByRole('table', { name: 'Host keys in the file' })).toBeNull();
    await expectAccessible();
    await user.click(screen.getByRole('checkbox', { name: 'Accept the 1 new host key of the file' }));
    expect(screen.getByRole('table', { name: 'Host keys in the file' })).toHaveTextContent('SHA256:abc');
    await user.click(screen.getByRole('button', { name: 'Import' }));
    expect(engine.argsOf('import_config')).toEqual([{ preview: 'import-1', withHostKeys: true }]);
    expect(await screen.findByText('1 server added, 1 server changed, 1 host key accepted.')).toBeVisible();
    await expectAccessible();
  });

  it('is not imported while something is refused', async () => {
    const { user } = await openSettings({ choose_config: () => preview });
    await user.click(screen.getByRole('button', { name: 'Import a configuration…' }));
    const button = await screen.findByRole('button', { name: 'Import' });
    expect(button).toBeEnabled();
    await user.click(screen.getByRole('checkbox', { name: /Accept the/ }));
    expect(button).toBeDisabled();
    expect(screen.getByText('Something in the file cannot be taken over')).toBeVisible();
  });

  it('is exported where a person says', async () => {
    const { user } = await openSettings({ export_config: () => '/home/ada/team.toml' });
    await user.click(screen.getByRole('button', { name: 'Export the configuration…' }));
    expect(await screen.findByText('Configuration written: /home/ada/team.toml')).toBeVisible();
  });
});

describe('a damaged database', () => {
  const damaged = () =>
    refusal({ code: 'store_damaged', message: 'The database is damaged.', hint: 'hostrounds restore' });

  it('is kept until a person decides', async () => {
    let whole = false;
    const { engine, user } = await openWindow({
      snapshot: () => (whole ? snapshot() : damaged()),
      begin_anew: () => {
        whole = true;
        return { aside: '/data/hostrounds.db.set-aside-1' };
      },
    });
    expect(await screen.findByText('The database is damaged.')).toBeVisible();
    await expectAccessible();
    await user.click(screen.getByRole('button', { name: 'Begin anew…' }));
    expect(engine.argsOf('begin_anew')).toEqual([]);
    await user.click(await screen.findByRole('button', { name: 'Move aside and begin anew' }));
    expect(await screen.findByRole('heading', { name: 'Overview' })).toBeVisible();
  });

  it('gives way to a backup', async () => {
    let whole = false;
    const { user } = await openWindow({
      snapshot: () => (whole ? snapshot() : damaged()),
      choose_backup: () => [1, file],
      restore_backup: () => {
        whole = true;
        return { aside: null };
      },
    });
    await user.click(await screen.findByRole('button', { name: 'Restore a backup…' }));
    await user.click(await screen.findByRole('button', { name: 'Restore' }));
    await user.click(await screen.findByRole('button', { name: 'Done' }));
    expect(await screen.findByRole('heading', { name: 'Overview' })).toBeVisible();
  });
});
