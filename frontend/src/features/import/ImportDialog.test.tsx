import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';

import type { ImportCandidate } from '../../api/gen/ImportCandidate';
import type { ImportPreview } from '../../api/gen/ImportPreview';
import { refusal, type Answers } from '../../test/engine';
import type { TestReport } from '../../api/gen/TestReport';
import { failure, local, server, snapshot, ssh, view } from '../../test/fixtures';
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
    candidate('mail', {
      draft: server({
        name: 'mail',
        target: ssh({ logins: [{ method: 'agent', key: 'SHA256:abc', socket: '/run/agent' }] }),
      }),
    }),
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
    expect(table).toHaveTextContent('SSH agentSHA256:abcat /run/agent');
    expect(screen.getByText(/stays switched off until you have tested it/)).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Not taken over: 1 entry' }));
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

  it('tests what was added, and switches on only what passes', async () => {
    const added = ['db', 'mail', 'web'].map((name, index) =>
      view({ state: 'disabled' }, { id: 7 + index, name, enabled: false }),
    );
    const passed: TestReport = { steps: [], failure: null, hostKey: null, unavailable: [] };
    const offer = { id: 'offer', host: 'mail', algorithm: 'ssh-ed25519', fingerprint: 'SHA256:x', replaces: [] };
    let known = false;
    const { engine, user } = await open({
      ssh_config: () => preview,
      import_ssh_config: () => added,
      set_enabled: ({ id }) => view({}, { id }),
      test_server: ({ id }) => {
        if (id === 8 && !known)
          return { ...passed, failure: failure({ code: 'host_key_unknown', message: 'Unknown key.' }), hostKey: offer };
        return id === 9 ? { ...passed, failure: failure({ message: 'It refuses.' }) } : passed;
      },
      accept_host_key: () => {
        known = true;
        return null;
      },
    });
    await user.click(await screen.findByRole('button', { name: 'Import 2 servers' }));
    await screen.findByText('3 servers were added');
    expect(engine.argsOf('test_server')).toEqual([]);
    expect(screen.getAllByText('Switched off')).toHaveLength(3);
    await user.click(screen.getByRole('button', { name: 'Test all and switch on what passes' }));
    expect(await screen.findByText('3 of 3 servers tested: 1 switched on, 2 still off.')).toBeVisible();
    expect(engine.argsOf('set_enabled')).toEqual([{ id: 7, enabled: true }]);
    expect(screen.getByText('It refuses.')).toBeVisible();
    await expectAccessible();

    await user.click(screen.getByRole('button', { name: 'Review host key of mail' }));
    await user.click(await screen.findByRole('button', { name: 'Accept host key' }));
    expect(await screen.findByText('3 of 3 servers tested: 2 switched on, 1 still off.')).toBeVisible();
    expect(engine.argsOf('set_enabled').at(-1)).toEqual({ id: 8, enabled: true });
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
