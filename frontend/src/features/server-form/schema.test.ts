import { describe, expect, it } from 'vitest';

import { familyGroups } from '../../format/families';
import { local, ssh, view } from '../../test/fixtures';
import { wrongFields } from './schema';
import { type FormValues, initialValues, type JumpValues, type LoginValues, newJump, newLogin } from './values';

const good: FormValues = { ...initialValues(null), name: 'web-1', host: 'web1.example.org', user: 'ops' };

function errors(change: Partial<FormValues>, of = null as ReturnType<typeof local> | null) {
  return wrongFields({ ...(of ? initialValues(of) : good), ...change }, of);
}

function ways(...logins: Partial<LoginValues>[]): LoginValues[] {
  return logins.map((login) => ({ ...newLogin(login.method ?? 'agent'), ...login }));
}

function through(over: Partial<JumpValues>): JumpValues[] {
  return [{ ...newJump(), host: 'bastion', user: 'ops', ...over }];
}

describe('the form', () => {
  it('accepts a good server', () => {
    expect(errors({})).toEqual({});
    expect(errors({ thresholds: { cpu: '', memory: 1, disk: 100, diskFullIn: '' }, host: '2001:db8::1' })).toEqual({});
  });

  it.each<[string, Partial<FormValues>]>([
    ['name', { name: '  ' }],
    ['name', { name: 'LOCAL' }],
    ['name', { name: 'x'.repeat(65) }],
    ['host', { host: '' }],
    ['host', { host: 'ssh://web' }],
    ['host', { host: 'ops@web' }],
    ['port', { port: '' }],
    ['port', { port: 0 }],
    ['port', { port: 65_536 }],
    ['user', { user: '' }],
    ['logins', { logins: [] }],
    ['logins', { logins: ways(...Array.from({ length: 7 }, () => ({ method: 'agent' as const }))) }],
    ['logins.1.path', { logins: ways({}, { method: 'key', path: '' }) }],
    ['logins.0.path', { logins: ways({ method: 'key', path: '~/.ssh/id_ed25519.pub' }) }],
    ['logins.0.key', { logins: ways({ key: 'MD5:00:11' }) }],
    ['password.value', { logins: ways({ method: 'password' }) }],
    ['jumps.0.host', { jumps: through({ host: 'a/b' }) }],
    ['jumps.0.user', { jumps: through({ user: '' }) }],
    ['jumps.0.logins.0.path', { jumps: through({ likeServer: false, logins: ways({ method: 'key' }) }) }],
    ['jumps.0.password.value', { jumps: through({ likeServer: false, logins: ways({ method: 'password' }) }) }],
    ['jumps', { jumps: Array.from({ length: 5 }, () => through({})).flat() }],
    ['familiesOff', { familiesOff: familyGroups.flatMap(({ families }) => families) }],
    ['interval', { interval: 4 }],
    ['interval', { interval: '' }],
    ['interval', { interval: 604_801 }],
    ['thresholds.cpu', { thresholds: { cpu: 0.5, memory: 95, disk: 90, diskFullIn: 3 } }],
    ['thresholds.memory', { thresholds: { cpu: 90, memory: 101, disk: 90, diskFullIn: 3 } }],
    ['thresholds.disk', { thresholds: { cpu: 90, memory: 95, disk: 0, diskFullIn: 3 } }],
    ['thresholds.diskFullIn', { thresholds: { cpu: 90, memory: 95, disk: 90, diskFullIn: 0 } }],
    ['tags', { tags: ['eu', 'x'.repeat(65)] }],
    ['tags', { tags: Array.from({ length: 33 }, (_, index) => `tag-${index}`) }],
    ['environment', { environment: 'x'.repeat(65) }],
  ])('refuses a wrong %s: %j', (field, change) => {
    expect(Object.keys(errors(change))).toEqual([field]);
  });

  it('uses the words of the engine', () => {
    expect(errors({ host: '' })).toEqual({ host: 'Enter the name or the address of the server.' });
    expect(errors({ interval: 4 })).toEqual({
      interval: 'The interval is 5 seconds to 604800 seconds (a week); 60 or more is recommended.',
    });
  });

  it('asks for a secret only where none is saved or could be', () => {
    const target = ssh({ logins: [{ method: 'password' }] });
    const saved = view({ secrets: [{ kind: 'password', jump: null }] }, { target });
    expect(errors({}, saved)).toEqual({});
    expect(errors({ password: { action: 'set', value: '' } }, saved)).toEqual({
      'password.value': 'Enter the new password.',
    });
    // The keyring may have been locked when it was asked.
    expect(errors({}, view({ secrets: [] }, { target }))).toEqual({});
  });

  it('does not check ways to log in that are those of the server', () => {
    expect(errors({ jumps: through({ likeServer: true, logins: ways({ method: 'key' }) }) })).toEqual({});
  });

  it('lets this computer be read every 2 s', () => {
    expect(errors({ interval: 2 }, local())).toEqual({});
    expect(Object.keys(errors({ interval: 1 }, local()))).toEqual(['interval']);
  });
});
