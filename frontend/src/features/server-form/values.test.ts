import { describe, expect, it } from 'vitest';

import type { Login } from '../../api/gen/Login';
import type { SecretSlot } from '../../api/gen/SecretSlot';
import type { SshTarget } from '../../api/gen/SshTarget';
import { local, ssh, view } from '../../test/fixtures';
import {
  askedSecrets,
  type FormValues,
  initialValues,
  type JumpValues,
  type LoginValues,
  newJump,
  newLogin,
  repeatsServer,
  toServerForm,
} from './values';

const ofServer: SecretSlot = { kind: 'password', jump: null };
const ofBastion: SecretSlot = { kind: 'password', jump: 'ops@bastion:2222' };
const ofKey: SecretSlot = { kind: 'passphrase', path: '~/.ssh/id' };

const password: Login = { method: 'password' };
const key: Login = { method: 'key', path: '~/.ssh/id', certificate: null };

function saved(over: Partial<SshTarget>, secrets: SecretSlot[]) {
  return view({ secrets }, { target: ssh(over) });
}

function typed(login: Partial<LoginValues>): LoginValues {
  return { ...newLogin(login.method ?? 'agent'), ...login };
}

function bastion(over: Partial<JumpValues> = {}): JumpValues {
  return { ...newJump(), host: 'bastion', port: 2222, user: 'ops', ...over };
}

function secretsOf(change: Partial<FormValues>, of: ReturnType<typeof saved> | null) {
  return toServerForm({ ...initialValues(of), ...change }, of).secrets;
}

const set = (value: string) => ({ action: 'set' as const, value });
const clear = { action: 'clear' as const, value: '' };

describe('the secrets', () => {
  it.each<[string, ReturnType<typeof secretsOf>, ReturnType<typeof secretsOf>]>([
    [
      'a new password',
      secretsOf({ logins: [typed({ method: 'password' })], password: { action: 'keep', value: 's3' } }, null),
      [{ slot: ofServer, change: set('s3') }],
    ],
    ['a new key without passphrase', secretsOf({ logins: [typed({ method: 'key', path: 'k' })] }, null), []],
    [
      'a new key with passphrase',
      secretsOf(
        { logins: [typed({ method: 'key', path: ' ~/.ssh/id', passphrase: { action: 'keep', value: 'p' } })] },
        null,
      ),
      [{ slot: ofKey, change: set('p') }],
    ],
    ['what was typed before the agent was chosen', secretsOf({ password: set('typed') }, null), []],
    ['an untouched edit', secretsOf({}, saved({ logins: [password] }, [ofServer])), []],
    [
      'replaced',
      secretsOf({ password: set('n') }, saved({ logins: [password] }, [ofServer])),
      [{ slot: ofServer, change: set('n') }],
    ],
    [
      'removed',
      secretsOf({ password: clear }, saved({ logins: [password] }, [ofServer])),
      [{ slot: ofServer, change: { action: 'clear' } }],
    ],
    [
      'a password for the server and another one for the jump host',
      secretsOf(
        { logins: [typed({ method: 'password' })], password: set('s'), jumps: [bastion({ password: set('b') })] },
        null,
      ),
      [
        { slot: ofServer, change: set('s') },
        { slot: ofBastion, change: set('b') },
      ],
    ],
    [
      'a jump host that was renamed: its saved password is not for the new one',
      secretsOf(
        { jumps: [bastion({ host: 'other', password: set('n') })] },
        saved({ logins: [password], jumps: [{ host: 'bastion', port: 2222, user: 'ops', logins: [password] }] }, [
          ofServer,
          ofBastion,
        ]),
      ),
      [{ slot: { kind: 'password', jump: 'ops@other:2222' }, change: set('n') }],
    ],
  ])('%s', (_, actual, expected) => {
    expect(actual).toEqual(expected);
  });

  it('are asked once for a key file that is used twice', () => {
    const twice = { ...initialValues(null), logins: [typed({ method: 'key', path: '~/.ssh/id' })], jumps: [bastion()] };
    expect(askedSecrets(twice).map(({ path }) => path)).toEqual(['logins.0.passphrase']);
  });

  it('are never among the values that the form opens with', () => {
    const values = initialValues(saved({ logins: [password, key] }, [ofServer, ofKey]));
    expect(askedSecrets(values).map(({ values: { value } }) => value)).toEqual(['', '']);
  });
});

describe('the draft', () => {
  it('comes back as it was saved', () => {
    const jumps = [
      { host: 'bastion', port: 2222, user: 'jump', logins: [key] },
      { host: 'inner', port: 22, user: 'ops', logins: [key, password] },
    ];
    const one = view({}, { target: ssh({ logins: [key, password], jumps }), familiesOff: ['gpus'] });
    const { draft } = toServerForm(initialValues(one), one);
    expect({ ...draft, id: one.server.id, createdAt: one.server.createdAt }).toEqual(one.server);
    expect(initialValues(one).jumps.map(({ likeServer }) => likeServer)).toEqual([false, true]);
  });

  it('gives a jump host the ways of the server, as they are now', () => {
    const values = { ...initialValues(null), logins: [typed({ method: 'prompts' })], jumps: [bastion()] };
    const { target } = toServerForm(values, null).draft;
    expect(target).toMatchObject({ jumps: [{ host: 'bastion', port: 2222, logins: [{ method: 'prompts' }] }] });
  });

  it('leaves out what is empty', () => {
    const values = { ...initialValues(null), logins: [typed({ method: 'agent', key: ' ', socket: ' /run/a ' })] };
    expect(toServerForm(values, null).draft.target).toMatchObject({
      logins: [{ method: 'agent', key: null, socket: '/run/a' }],
    });
  });

  it('switches an alert off where its threshold is empty', () => {
    const { draft } = toServerForm(
      { ...initialValues(null), thresholds: { cpu: '', memory: 80, disk: '', diskFullIn: 7 } },
      null,
    );
    expect(draft.thresholds).toEqual({ cpu: null, memory: 80, disk: null, diskFullIn: 7 });
  });

  it('gives this computer no connection', () => {
    const form = toServerForm(initialValues(local()), local());
    expect(form.draft.target).toEqual({ kind: 'local' });
    expect(form.secrets).toEqual([]);
  });
});

it('knows which errors of a jump host only repeat those of the server', () => {
  const values = { ...initialValues(null), jumps: [bastion(), bastion({ likeServer: false })] };
  expect(repeatsServer('jumps.0.logins.0.path', values)).toBe(true);
  expect(repeatsServer('jumps.1.logins.0.path', values)).toBe(false);
  expect(repeatsServer('jumps.0.host', values)).toBe(false);
});
