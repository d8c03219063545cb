import { describe, expect, it } from 'vitest';

import type { Login } from '../../api/gen/Login';
import { local, view } from '../../test/fixtures';
import { type FormValues, initialValues, toServerForm } from './values';

function saved(login: Login, hasSecret: boolean | null) {
  return view({ hasSecret }, { target: { kind: 'ssh', host: 'h', port: 22, user: 'u', login } });
}

function secretOf(change: Partial<FormValues>, of: ReturnType<typeof saved> | null) {
  return toServerForm({ ...initialValues(of), ...change }, of).secret;
}

const password: Login = { method: 'password' };
const key: Login = { method: 'key', path: '~/.ssh/id' };

describe('the secret', () => {
  it.each([
    ['a new password', secretOf({ method: 'password', secret: 's3' }, null), { action: 'set', value: 's3' }],
    ['a new key without passphrase', secretOf({ method: 'key', keyPath: 'k' }, null), { action: 'keep' }],
    [
      'a new key with passphrase',
      secretOf({ method: 'key', keyPath: 'k', secret: 'p' }, null),
      { action: 'set', value: 'p' },
    ],
    ['the agent', secretOf({ method: 'agent', secret: 'typed before' }, null), { action: 'keep' }],
    ['an untouched edit', secretOf({}, saved(password, true)), { action: 'keep' }],
    ['an untouched edit, keyring not asked yet', secretOf({}, saved(password, null)), { action: 'keep' }],
    ['replaced', secretOf({ secretAction: 'set', secret: 'n' }, saved(password, true)), { action: 'set', value: 'n' }],
    ['removed', secretOf({ secretAction: 'clear' }, saved(key, true)), { action: 'clear' }],
    [
      'a passphrase for a key that had none',
      secretOf({ secret: 'p' }, saved(key, false)),
      { action: 'set', value: 'p' },
    ],
    [
      'a password that is no passphrase',
      secretOf({ method: 'key', keyPath: 'k' }, saved(password, true)),
      { action: 'clear' },
    ],
    ['from password to agent', secretOf({ method: 'agent' }, saved(password, true)), { action: 'clear' }],
    [
      'from agent to key',
      secretOf({ method: 'key', keyPath: 'k' }, saved({ method: 'agent' }, false)),
      { action: 'keep' },
    ],
  ])('%s', (_, actual, expected) => {
    expect(actual).toEqual(expected);
  });

  it('is never among the values that the form opens with', () => {
    expect(initialValues(saved(password, true)).secret).toBe('');
  });
});

describe('the draft', () => {
  it('comes back as it was saved', () => {
    const server = view().server;
    const { draft } = toServerForm(initialValues(view()), view());
    expect({ ...draft, id: server.id, createdAt: server.createdAt }).toEqual(server);
  });

  it('switches an alert off where its threshold is empty', () => {
    const { draft } = toServerForm({ ...initialValues(null), thresholds: { cpu: '', memory: 80, disk: '' } }, null);
    expect(draft.thresholds).toEqual({ cpu: null, memory: 80, disk: null });
  });

  it('gives this computer no connection', () => {
    expect(toServerForm(initialValues(local()), local()).draft.target).toEqual({ kind: 'local' });
  });
});
