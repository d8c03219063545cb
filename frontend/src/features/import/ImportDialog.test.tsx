import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';

import type { ImportCandidate } from '../../api/gen/ImportCandidate';
import type { ImportPreview } from '../../api/gen/ImportPreview';
import { refusal, type Answers } from '../../test/engine';
import { local, server, snapshot, ssh, view } from '../../test/fixtures';
import { expectAccessible, openWindow } from '../../test/render';

function candidate(alias: string, over: Partial<ImportCandidate> = {}): ImportCandidate {
  const jumps = [{ host: 'bastion', port: 22, user: 'jump', logins: [] }];
  return { alias, draft: server({ name: alias, target: ssh({ jumps }) }), notes: [], exists: false, ...over };
}

const preview: ImportPreview = {
  id: 'preview-1',
  files: ['/home/ada/.ssh/config', '/home/ada/.ssh/work'],
  servers: [
    candidate('web-1', { exists: true }),
    candidate('db', { notes: ['The key file is missing.'] }),
    candidate('mail'),
  ],
  skipped: [{ file: '/home/ada/.ssh/config', line: 7, text: 'Match host *', reason: 'Conditions are not evaluated.' }],
};

async function open(answers: Answers) {
  const opened = await openWindow(answers);
  await opened.user.click(screen.getByRole('button', { name: 'More ways to add servers' }));
  await opened.user.click(await screen.findByRole('menuitem', { name: 'Import from the SSH configuration' }));
  return opened;
}

describe('the import', () => {
  it('shows what would be added, and adds what is ticked', async () => {
    const { engine, user } = await open({
      ssh_config: () => preview,
      import_ssh_config: () => [view({}, { id: 7, name: 'db' })],
    });
    const table = await screen.findByRole('table', { name: 'Servers in the configuration' });
    expect(within(table).getByRole('checkbox', { name: 'web-1' })).toBeDisabled();
    expect(table).toHaveTextContent('ops@web1.example.orgvia jump@bastion');
    expect(table).toHaveTextContent('The key file is missing.');
    await user.click(screen.getByRole('button', { name: '1 entry not taken over' }));
    expect(screen.getByText('/home/ada/.ssh/config, line 7')).toBeVisible();
    expect(screen.getByText(/Conditions are not evaluated/)).toBeVisible();
    await expectAccessible();

    await user.click(within(table).getByRole('checkbox', { name: 'mail' }));
    await user.click(screen.getByRole('button', { name: 'Import 1 server' }));
    expect(engine.argsOf('import_ssh_config')).toEqual([{ preview: 'preview-1', aliases: ['db'] }]);
    expect(await screen.findByText('1 server was added')).toBeVisible();
    await expectAccessible();
    await user.click(screen.getByRole('link', { name: 'db' }));
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('says why there is nothing to add', async () => {
    await open({ ssh_config: () => ({ ...preview, servers: [] }) });
    expect(await screen.findByText('No server can be taken over.')).toBeVisible();
    // What was skipped is the reason, so it is open.
    expect(screen.getByText(/Conditions are not evaluated/)).toBeVisible();
  });

  it('says that there is no configuration, or that it cannot be read', async () => {
    await open({
      ssh_config: () => refusal({ code: 'ssh_config', message: 'There is no ~/.ssh/config.', hint: 'Add by hand.' }),
    });
    expect(await screen.findByText('There is no ~/.ssh/config.')).toBeVisible();
    expect(screen.getByText('Add by hand.')).toBeVisible();
  });

  it('is offered with the first server', async () => {
    const { user } = await openWindow({ snapshot: () => snapshot({ servers: [local()] }), ssh_config: () => preview });
    await user.click(screen.getByRole('button', { name: 'Import from the SSH configuration' }));
    expect(await screen.findByRole('table', { name: 'Servers in the configuration' })).toBeVisible();
  });
});
