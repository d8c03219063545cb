import { screen, waitFor, within } from '@testing-library/react';
import type { UserEvent } from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';

import type { TestReport } from '../../api/gen/TestReport';
import { refusal } from '../../test/engine';
import { failure, local, snapshot, view } from '../../test/fixtures';
import { expectAccessible, openWindow } from '../../test/render';

const offer = { id: 'offer-1', host: 'web9.example.org', algorithm: 'ssh-ed25519', fingerprint: 'SHA256:abc' };
const passed: TestReport = {
  steps: [{ stage: 'connect', outcome: 'passed', millis: 3, detail: null }],
  failure: null,
  hostKey: null,
  unavailable: [],
};
const unknownKey: TestReport = {
  steps: [{ stage: 'hostKey', outcome: 'failed', millis: 1, detail: null }],
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
          draft: { name: 'web-9', target: { kind: 'ssh', port: 22, login: { method: 'password' } }, interval: 900 },
          secret: { action: 'set', value: 'hunter2' },
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
      expect(engine.argsOf('add_server')).toMatchObject([{ form: { secret: { action: 'keep' } } }]);
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
      step: { stage: 'resolve', outcome: 'failed', millis: 1, detail: null },
    });
    await engine.tell({
      type: 'testStep',
      test,
      step: { stage: 'credential', outcome: 'passed', millis: 1, detail: null },
    });
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
    expect(screen.getByText('The host key is not known.')).toBeVisible();
    expect(screen.getByRole('button', { name: 'Test connection' })).toHaveFocus();
    expect(engine.argsOf('accept_host_key')).toEqual([]);
  });

  it('offers no way round a changed host key', async () => {
    const changed = failure({
      code: 'host_key_changed',
      stage: 'hostKey',
      message: 'The host key has changed.',
      hint: 'Find out why.',
    });
    const { user } = await openWindow({ test_server: () => ({ ...unknownKey, failure: changed, hostKey: null }) });
    await fillIn(user);
    await user.click(screen.getByRole('button', { name: 'Test connection' }));
    expect(await screen.findByText('The host key has changed.')).toBeVisible();
    expect(screen.queryByRole('button', { name: /accept/i })).toBeNull();
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
    expect(engine.argsOf('test_server')[0]).toMatchObject({ id: 1, form: { secret: { action: 'keep' } } });
  });
});

it('keeps, replaces or removes a saved password, and never shows it', async () => {
  const saved = view(
    { hasSecret: true },
    { target: { kind: 'ssh', host: 'h', port: 22, user: 'u', login: { method: 'password' } } },
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
    expect(engine.argsOf('update_server')).toMatchObject([{ id: 1, form: { secret: { action: 'clear' } } }]);
  });
});
