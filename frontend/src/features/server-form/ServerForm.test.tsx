import { screen, waitFor, within } from '@testing-library/react';
import type { UserEvent } from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';

import type { TestReport } from '../../api/gen/TestReport';
import { type Answers, refusal } from '../../test/engine';
import { failure, local, snapshot, ssh, step, view } from '../../test/fixtures';
import { expectAccessible, openWindow } from '../../test/render';

const offer = {
  id: 'offer-1',
  host: 'web9.example.org',
  algorithm: 'ssh-ed25519',
  fingerprint: 'SHA256:abc',
  replaces: [],
};
const passed: TestReport = { steps: [step()], failure: null, hostKey: null, unavailable: [] };
const unknownKey: TestReport = {
  steps: [step({ stage: 'hostKey', outcome: 'failed' })],
  failure: failure({
    code: 'host_key_unknown',
    stage: 'hostKey',
    message: 'The host key is not known.',
    hint: 'Compare it.',
  }),
  hostKey: offer,
  unavailable: [],
};

async function fillIn(user: UserEvent) {
  await user.click(screen.getByRole('button', { name: 'Add server' }));
  await user.type(screen.getByRole('textbox', { name: 'Name' }), 'web-9');
  await user.type(screen.getByRole('textbox', { name: 'Host' }), 'web9.example.org');
  await user.type(screen.getByRole('textbox', { name: 'User' }), 'ops');
}

function submit() {
  return within(screen.getByRole('dialog', { name: 'Add server' })).getByRole('button', { name: 'Add server' });
}

describe('adding a server', () => {
  it('says at the field what is wrong, and sends nothing', async () => {
    const { engine, user } = await openWindow();
    await user.click(screen.getByRole('button', { name: 'Add server' }));
    await user.click(submit());
    expect(screen.getByRole('textbox', { name: 'Host' })).toHaveAccessibleDescription(/Enter the name or the address/);
    expect(engine.argsOf('add_server')).toEqual([]);
    await expectAccessible();
  });

  it('sends the draft and the password, and closes', async () => {
    const { engine, user } = await openWindow({ add_server: ({ form }) => view({}, { id: 9, name: form.draft.name }) });
    await fillIn(user);
    await user.click(screen.getByRole('radio', { name: 'Password' }));
    await user.type(screen.getByLabelText('Password', { selector: 'input[type="password"]' }), 'hunter2');
    await user.click(submit());
    await waitFor(() => {
      expect(screen.queryByRole('dialog')).toBeNull();
    });
    expect(engine.argsOf('add_server')).toMatchObject([
      {
        form: {
          draft: { name: 'web-9', target: { kind: 'ssh', port: 22, logins: [{ method: 'password' }] }, interval: 900 },
          secrets: [{ slot: { kind: 'password', jump: null }, change: { action: 'set', value: 'hunter2' } }],
        },
      },
    ]);
  });

  it('never sends what was typed for another way to log in', async () => {
    const { engine, user } = await openWindow({ add_server: () => view({}, { id: 9 }) });
    await fillIn(user);
    await user.click(screen.getByRole('radio', { name: 'Password' }));
    await user.type(screen.getByLabelText('Password', { selector: 'input[type="password"]' }), 'hunter2');
    await user.click(screen.getByRole('radio', { name: 'Key file' }));
    await user.type(screen.getByRole('textbox', { name: 'Private key file' }), '~/.ssh/id');
    expect(screen.getByLabelText('Passphrase (optional)')).toHaveValue('');
    await user.click(submit());
    await waitFor(() => {
      expect(engine.argsOf('add_server')).toMatchObject([{ form: { secrets: [] } }]);
    });
  });

  it('shows the errors of the engine at their fields', async () => {
    const { user } = await openWindow({
      add_server: () =>
        refusal({ code: 'name_taken', message: 'Another server has this name.', hint: 'Choose another one.' }),
    });
    await fillIn(user);
    await user.click(submit());
    await waitFor(() => {
      expect(screen.getByRole('textbox', { name: 'Name' })).toHaveAccessibleDescription(
        'Another server has this name.',
      );
    });
  });
});

describe('several ways to log in', () => {
  const titles = () =>
    within(screen.getByRole('list', { name: 'Ways to log in, tried in this order' }))
      .getAllByRole('listitem')
      .map((row) => row.textContent.slice(0, 10));

  it('are added, ordered by keyboard and removed', async () => {
    const { engine, user } = await openWindow({ add_server: () => view({}, { id: 9 }) });
    await fillIn(user);
    await user.click(screen.getByRole('button', { name: 'Add another way to log in' }));
    await user.type(screen.getByRole('textbox', { name: 'Private key file' }), '~/.ssh/id');
    await user.click(screen.getByRole('button', { name: 'Add another way to log in' }));
    await user.type(screen.getByLabelText('Password', { selector: 'input[type="password"]' }), 'hunter2');
    await expectAccessible();

    screen.getByRole('button', { name: 'Move way 3 up' }).focus();
    await user.keyboard('{Enter}');
    expect(screen.getByRole('button', { name: 'Move way 2 up' })).toHaveFocus();
    await user.keyboard('{Enter}');
    expect(titles()).toEqual(['1. Passwor', '2. SSH age', '3. Key fil']);
    // It is the first now and cannot go further up.
    expect(screen.getByRole('button', { name: 'Move way 1 down' })).toHaveFocus();

    await user.click(screen.getByRole('button', { name: 'Remove way 2' }));
    expect(screen.getByRole('button', { name: 'Add another way to log in' })).toHaveFocus();
    await user.click(submit());
    await waitFor(() => {
      expect(engine.argsOf('add_server')).toMatchObject([
        {
          form: {
            draft: { target: { logins: [{ method: 'password' }, { method: 'key', path: '~/.ssh/id' }] } },
            secrets: [{ slot: { kind: 'password' }, change: { value: 'hunter2' } }],
          },
        },
      ]);
    });
  });

  it('show an error of the engine at the row it belongs to', async () => {
    const fields = [{ field: 'logins.1.certificate', message: 'There is no such file.' }];
    const { user } = await openWindow({
      add_server: () => refusal({ code: 'invalid', message: 'Not like this.', hint: '', fields }),
    });
    await fillIn(user);
    await user.click(screen.getByRole('button', { name: 'Add another way to log in' }));
    await user.type(screen.getByRole('textbox', { name: 'Private key file' }), '~/.ssh/id');
    await user.click(submit());
    // It opens what it was hidden in.
    expect(await screen.findByRole('textbox', { name: 'Certificate file (optional)' })).toHaveAccessibleDescription(
      /There is no such file/,
    );
  });

  it('forget the password with the row that asked for it', async () => {
    const { engine, user } = await openWindow({ add_server: () => view({}, { id: 9 }) });
    await fillIn(user);
    await user.click(screen.getByRole('button', { name: 'Add another way to log in' }));
    await user.click(screen.getAllByRole('radio', { name: 'Password' })[1] ?? document.body);
    await user.type(screen.getByLabelText('Password', { selector: 'input[type="password"]' }), 'hunter2');
    await user.click(screen.getByRole('button', { name: 'Remove way 2' }));
    await user.click(screen.getByRole('radio', { name: 'Password' }));
    expect(screen.getByLabelText('Password', { selector: 'input[type="password"]' })).toHaveValue('');
    await user.click(submit());
    expect(engine.argsOf('add_server')).toEqual([]);
  });
});

describe('jump hosts', () => {
  const jump = (number: number) => screen.getByRole('listitem', { name: `Jump host ${number}` });

  it('log in as the server does, or in ways of their own, and can change places', async () => {
    const { engine, user } = await openWindow({ add_server: () => view({}, { id: 9 }) });
    await fillIn(user);
    await user.click(screen.getByRole('button', { name: 'Reach it through a jump host' }));
    expect(within(jump(1)).getByRole('textbox', { name: 'Host' })).toHaveFocus();
    await user.keyboard('inner');
    await user.type(within(jump(1)).getByRole('textbox', { name: 'User' }), 'ops');
    await user.click(screen.getByRole('button', { name: 'Add another jump host' }));
    await user.type(within(jump(2)).getByRole('textbox', { name: 'Host' }), 'outer');
    await user.type(within(jump(2)).getByRole('textbox', { name: 'User' }), 'jump');
    await user.click(within(jump(2)).getByRole('switch', { name: /^Log in as on the server/ }));
    await user.click(within(jump(2)).getByRole('radio', { name: 'Password' }));
    await user.type(within(jump(2)).getByLabelText('Password', { selector: 'input[type="password"]' }), 'hunter2');
    await expectAccessible();
    await user.click(screen.getByRole('button', { name: 'Move jump host 2 up' }));
    await user.click(submit());
    await waitFor(() => {
      expect(engine.argsOf('add_server')).toMatchObject([
        {
          form: {
            draft: {
              target: {
                logins: [{ method: 'agent' }],
                jumps: [
                  { host: 'outer', user: 'jump', logins: [{ method: 'password' }] },
                  { host: 'inner', user: 'ops', logins: [{ method: 'agent' }] },
                ],
              },
            },
            secrets: [{ slot: { kind: 'password', jump: 'jump@outer' }, change: { action: 'set', value: 'hunter2' } }],
          },
        },
      ]);
    });
  });

  it('show the errors of the engine at their fields', async () => {
    const fields = [
      { field: 'jumps.0.host', message: 'That is no host.' },
      { field: 'jumps.0.logins.0.key', message: 'Only said once, at the server.' },
    ];
    const { user } = await openWindow({
      add_server: () => refusal({ code: 'invalid', message: 'Not like this.', hint: '', fields }),
    });
    await fillIn(user);
    await user.click(screen.getByRole('button', { name: 'Reach it through a jump host' }));
    await user.type(within(jump(1)).getByRole('textbox', { name: 'Host' }), 'bastion');
    await user.type(within(jump(1)).getByRole('textbox', { name: 'User' }), 'ops');
    await user.click(submit());
    await waitFor(() => {
      expect(within(jump(1)).getByRole('textbox', { name: 'Host' })).toHaveAccessibleDescription('That is no host.');
    });
    expect(screen.queryByText('Only said once, at the server.')).toBeNull();
  });
});

it('switches families off, and says what is wrong with switching off all', async () => {
  const fields = [{ field: 'familiesOff', message: 'Leave one on.' }];
  const { engine, user } = await openWindow({
    add_server: () => refusal({ code: 'invalid', message: 'Not like this.', hint: '', fields }),
  });
  await fillIn(user);
  await user.click(screen.getByRole('button', { name: /What is read/ }));
  await user.click(screen.getByRole('switch', { name: /^GPUs/ }));
  expect(screen.getByRole('button', { name: /What is read/ })).toHaveTextContent('all but GPUs');
  await expectAccessible();
  await user.click(submit());
  expect(await screen.findByText('Leave one on.')).toBeVisible();
  expect(engine.argsOf('add_server')).toMatchObject([{ form: { draft: { familiesOff: ['gpus'] } } }]);
});

describe('what was typed', () => {
  const drawer = () => screen.queryByRole('dialog', { name: 'Add server' });

  it('is thrown away only after a question', async () => {
    const { user } = await openWindow();
    await fillIn(user);
    await user.keyboard('{Escape}');
    await expectAccessible();
    await user.click(screen.getByRole('button', { name: 'Keep editing' }));
    expect(screen.getByRole('textbox', { name: 'Host' })).toHaveValue('web9.example.org');
    await waitFor(() => {
      expect(screen.getByRole('textbox', { name: 'User' })).toHaveFocus();
    });
    await user.click(screen.getByRole('button', { name: 'Cancel' }));
    await user.click(screen.getByRole('button', { name: 'Discard' }));
    expect(drawer()).toBeNull();
  });

  it('needs no question where nothing was', async () => {
    const { user } = await openWindow();
    await user.click(screen.getByRole('button', { name: 'Add server' }));
    await user.keyboard('{Escape}');
    expect(drawer()).toBeNull();
    await waitFor(() => {
      expect(screen.getByRole('button', { name: 'Add server' })).toHaveFocus();
    });
  });
});

describe('a refusal', () => {
  it('leads to the first field that is wrong', async () => {
    const { user } = await openWindow();
    await user.click(screen.getByRole('button', { name: 'Add server' }));
    await user.type(screen.getByRole('textbox', { name: 'Name' }), 'web-9');
    await user.click(submit());
    expect(screen.getByRole('textbox', { name: 'Host' })).toHaveFocus();
  });

  it('of the engine leads there too', async () => {
    const fields = [{ field: 'user', message: 'That user cannot log in.' }];
    const { user } = await openWindow({
      add_server: () => refusal({ code: 'invalid', message: 'Not like this.', hint: '', fields }),
    });
    await fillIn(user);
    await user.click(submit());
    await waitFor(() => {
      expect(screen.getByRole('textbox', { name: 'User' })).toHaveFocus();
    });
  });

  it('is told even where no field shows it', async () => {
    const fields = [{ field: 'colour', message: 'That is no colour.' }];
    const { user } = await openWindow({
      add_server: () => refusal({ code: 'invalid', message: 'Not like this.', hint: '', fields }),
    });
    await fillIn(user);
    await user.click(submit());
    expect(await screen.findByRole('alert')).toHaveTextContent('That is no colour.');
  });
});

describe('testing a connection', () => {
  it('says nothing any more once the connection was changed', async () => {
    const { user } = await openWindow({ test_server: () => passed });
    await fillIn(user);
    await user.click(screen.getByRole('button', { name: 'Test connection' }));
    expect(await screen.findByText('Connection test passed')).toBeVisible();
    await user.type(screen.getByRole('textbox', { name: 'Name' }), '0');
    expect(screen.getByText('Connection test passed')).toBeVisible();
    await user.type(screen.getByRole('textbox', { name: 'User' }), '2');
    expect(screen.queryByText('Connection test passed')).toBeNull();
  });

  it('shows each step as it ends', async () => {
    let finish: (report: TestReport) => void = () => undefined;
    const { engine, user } = await openWindow({
      test_server: () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    });
    await fillIn(user);
    await user.click(screen.getByRole('button', { name: 'Test connection' }));
    const [{ test }] = engine.argsOf('test_server') as [{ test: string }];
    await engine.tell({
      type: 'testStep',
      test: 'of another window',
      step: step({ stage: 'resolve', outcome: 'failed' }),
    });
    await engine.tell({ type: 'testStep', test, step: step({ stage: 'credential', millis: 1 }) });
    const steps = () =>
      within(screen.getByRole('list', { name: 'Connection test steps' }))
        .getAllByRole('listitem')
        .map((step) => step.textContent);
    expect(steps().slice(0, 3)).toEqual(['CredentialPassed1.0 ms', 'Name lookupRunning', 'TCP connectionTo come']);
    finish(passed);
    expect(await screen.findByText('Connection test passed')).toBeVisible();
  });

  it('asks about an unknown host key, accepts it and tests again', async () => {
    const reports = [unknownKey, passed];
    const { engine, user } = await openWindow({ test_server: () => reports.shift() ?? passed });
    await fillIn(user);
    await user.click(screen.getByRole('button', { name: 'Test connection' }));
    const dialog = await screen.findByRole('dialog', { name: 'Unknown host key' });
    expect(dialog).toHaveTextContent('SHA256:abc');
    expect(dialog).toHaveTextContent('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub');
    expect(engine.argsOf('accept_host_key')).toEqual([]);
    await expectAccessible();
    await user.click(within(dialog).getByRole('button', { name: 'Accept host key' }));
    expect(await screen.findByText('Connection test passed')).toBeVisible();
    expect(engine.argsOf('accept_host_key')).toEqual([{ offer: 'offer-1' }]);
    expect(engine.argsOf('test_server')).toHaveLength(2);
  });

  it('accepts nothing when a person declines', async () => {
    const { engine, user } = await openWindow({ test_server: () => unknownKey });
    await fillIn(user);
    await user.click(screen.getByRole('button', { name: 'Test connection' }));
    const dialog = await screen.findByRole('dialog', { name: 'Unknown host key' });
    await user.click(within(dialog).getByRole('button', { name: 'Cancel' }));
    expect(screen.getByText('Host key: The host key is not known.')).toBeVisible();
    expect(screen.getByRole('button', { name: 'Test connection' })).toHaveFocus();
    expect(engine.argsOf('accept_host_key')).toEqual([]);
  });

  it('offers no way round a host key without an offer, such as a revoked one', async () => {
    const changed = failure({
      code: 'host_key_changed',
      stage: 'hostKey',
      message: 'The host key has changed.',
      hint: 'Find out why.',
    });
    const { user } = await openWindow({ test_server: () => ({ ...unknownKey, failure: changed, hostKey: null }) });
    await fillIn(user);
    await user.click(screen.getByRole('button', { name: 'Test connection' }));
    expect(await screen.findByText('Host key: The host key has changed.')).toBeVisible();
    expect(screen.queryByRole('button', { name: /accept|replace/i })).toBeNull();
  });

  it('replaces a changed host key only once a person has said that they know why, and goes on', async () => {
    const known = { algorithm: 'ssh-ed25519', fingerprint: 'SHA256:old', file: '/home/ada/.ssh/known_hosts', line: 7 };
    const changed: TestReport = {
      ...unknownKey,
      failure: failure({ code: 'host_key_changed', stage: 'hostKey', message: 'The host key has changed.' }),
      hostKey: { ...offer, replaces: [known] },
    };
    const reports = [changed, passed];
    const { engine, user } = await openWindow({ test_server: () => reports.shift() ?? passed });
    await fillIn(user);
    await user.click(screen.getByRole('button', { name: 'Test connection' }));
    const dialog = await screen.findByRole('dialog', { name: 'The host key has changed' });
    for (const text of ['SHA256:old', 'SHA256:abc', '/home/ada/.ssh/known_hosts, line 7'])
      expect(dialog).toHaveTextContent(text);
    const replace = within(dialog).getByRole('button', { name: 'Replace the key' });
    expect(replace).toBeDisabled();
    expect(within(dialog).getByRole('button', { name: 'Keep the old key' })).toHaveFocus();
    await expectAccessible();
    await user.click(within(dialog).getByRole('checkbox', { name: /I know why/ }));
    await user.click(replace);
    expect(await screen.findByText('Connection test passed')).toBeVisible();
    expect(engine.argsOf('replace_host_key')).toEqual([{ offer: 'offer-1' }]);
    expect(engine.argsOf('accept_host_key')).toEqual([]);
  });

  it('goes through the keys of every host on the way', async () => {
    const first = { ...unknownKey, hostKey: { ...offer, id: 'of the bastion', host: 'bastion' } };
    const reports = [first, unknownKey, passed];
    const { engine, user } = await openWindow({ test_server: () => reports.shift() ?? passed });
    await fillIn(user);
    await user.click(screen.getByRole('button', { name: 'Test connection' }));
    for (const host of ['bastion', 'web9.example.org']) {
      const dialog = await screen.findByRole('dialog', { name: 'Unknown host key' });
      expect(within(dialog).getByText(host)).toBeVisible();
      await user.click(within(dialog).getByRole('button', { name: 'Accept host key' }));
    }
    expect(await screen.findByText('Connection test passed')).toBeVisible();
    expect(engine.argsOf('accept_host_key')).toEqual([{ offer: 'of the bastion' }, { offer: 'offer-1' }]);
  });

  it('groups the steps by host, and says which families are not available', async () => {
    const hop = 'ops@bastion';
    const report: TestReport = {
      steps: [
        step({ stage: 'connect', hop }),
        step({ stage: 'login', hop, detail: 'with the SSH agent' }),
        step({ stage: 'login' }),
        step({ stage: 'probe', family: 'cpu', millis: 2 }),
        step({ stage: 'probe', family: 'gpus', outcome: 'notAvailable', detail: 'nvidia-smi is not installed.' }),
      ],
      failure: failure({
        code: 'login_refused',
        stage: 'login',
        hop,
        message: 'It was refused.',
        hint: 'Do this.',
        remedy: 'ssh-copy-id -i ~/.ssh/id ops@bastion',
      }),
      hostKey: null,
      unavailable: [],
    };
    const { user } = await openWindow({ test_server: () => report });
    await fillIn(user);
    await user.click(screen.getByRole('button', { name: 'Test connection' }));
    const bastion = await screen.findByRole('list', { name: 'Connection test steps: Jump host ops@bastion' });
    expect(within(bastion).getAllByRole('listitem')).toHaveLength(2);
    const server = screen.getByRole('list', { name: 'Connection test steps: The server' });
    expect(server).toHaveTextContent(/^LoginPassed3.0 msMetricsPassed$/);
    const families = screen.getByRole('list', { name: 'Families of metrics' });
    expect(families).toHaveTextContent('GPUs: not available. nvidia-smi is not installed.');
    expect(screen.getByText('Login at the jump host ops@bastion: It was refused.')).toBeVisible();
    await expectAccessible();
    await user.click(screen.getByRole('button', { name: 'Copy the remedy' }));
    expect(await navigator.clipboard.readText()).toBe('ssh-copy-id -i ~/.ssh/id ops@bastion');
    expect(screen.getByRole('button', { name: 'Copied' })).toBeVisible();
  });

  it('reviews the key of a saved server and collects it once it is accepted', async () => {
    const reports = [unknownKey, passed];
    const refused = view({ state: 'unreachable', failure: unknownKey.failure, summary: null });
    const { engine, user } = await openWindow({
      snapshot: () => snapshot({ servers: [local(), refused] }),
      test_server: () => reports.shift() ?? passed,
    });
    await user.click(screen.getByRole('button', { name: 'Review host key' }));
    await user.click(await screen.findByRole('button', { name: 'Accept host key' }));
    await waitFor(() => {
      expect(engine.argsOf('collect')).toEqual([{ id: 1 }]);
    });
    expect(engine.argsOf('test_server')[0]).toMatchObject({ id: 1, form: { secrets: [] } });
  });
});

it('keeps, replaces or removes a saved password, and never shows it', async () => {
  const saved = view(
    { secrets: [{ kind: 'password', jump: null }] },
    { target: ssh({ logins: [{ method: 'password' }] }) },
  );
  const { engine, user } = await openWindow(
    { snapshot: () => snapshot({ servers: [local(), saved] }), update_server: () => saved },
    '#/servers/1',
  );
  await user.click(screen.getByRole('button', { name: 'Edit' }));
  expect(screen.queryByLabelText('Password', { selector: 'input[type="password"]' })).toBeNull();
  await user.click(screen.getByRole('radio', { name: 'Remove' }));
  await user.click(screen.getByRole('button', { name: 'Save' }));
  await waitFor(() => {
    expect(engine.argsOf('update_server')).toMatchObject([
      { id: 1, form: { secrets: [{ slot: { kind: 'password', jump: null }, change: { action: 'clear' } }] } },
    ]);
  });
});

describe('a saved password', () => {
  const saved = view(
    { secrets: [{ kind: 'password', jump: null }] },
    { target: ssh({ logins: [{ method: 'password' }] }) },
  );
  const field = () => screen.getByLabelText('Password', { selector: 'input[type="password"]' });

  async function edit(answers: Answers = {}) {
    const opened = await openWindow({ snapshot: () => snapshot({ servers: [local(), saved] }), ...answers });
    await opened.user.click(screen.getByRole('button', { name: 'Actions for web-1' }));
    await opened.user.click(await screen.findByRole('menuitem', { name: 'Edit' }));
    return opened;
  }

  it.each([
    ['Host', 'web2.example.org'],
    ['Port', '2222'],
    ['User', 'root'],
  ])('is asked for again at its field when the %s changes', async (label, value) => {
    const { engine, user } = await edit({ update_server: () => saved });
    expect(screen.getByRole('radio', { name: 'Keep' })).toBeChecked();
    await user.clear(screen.getByRole('textbox', { name: label }));
    await user.type(screen.getByRole('textbox', { name: label }), value);
    await user.click(screen.getByRole('button', { name: 'Save' }));
    expect(field()).toHaveAccessibleDescription(/Enter the password again/);
    await waitFor(() => {
      expect(field()).toHaveFocus();
    });
    expect(engine.argsOf('update_server')).toEqual([]);
    await user.type(field(), 'hunter2{Enter}');
    await waitFor(() => {
      expect(engine.argsOf('update_server')).toMatchObject([
        {
          form: { secrets: [{ slot: { kind: 'password', jump: null }, change: { action: 'set', value: 'hunter2' } }] },
        },
      ]);
    });
  });

  it('that the engine does not take is wrong at its field, which is shown for it', async () => {
    const fields = [{ field: 'password', message: 'Enter the password again.' }];
    const { user } = await edit({
      update_server: () => refusal({ code: 'invalid', message: 'password: …', hint: '', fields }),
    });
    await user.type(screen.getByRole('textbox', { name: 'Name' }), '-x');
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => {
      expect(field()).toHaveAccessibleDescription('Enter the password again.');
    });
    expect(screen.queryByText(/cannot stay as it is/)).toBeNull();
  });
});
