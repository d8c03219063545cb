import { schemaResolver } from '@mantine/form';
import { describe, expect, it } from 'vitest';

import { local } from '../../test/fixtures';
import { schemaFor } from './schema';
import { type FormValues, initialValues } from './values';

const good: FormValues = { ...initialValues(null), name: 'web-1', host: 'web1.example.org', user: 'ops' };

function errors(change: Partial<FormValues>, view = null as ReturnType<typeof local> | null) {
  const values = { ...(view ? initialValues(view) : good), ...change };
  return schemaResolver(schemaFor(values, view), { sync: true })(values);
}

describe('the form', () => {
  it('accepts a good server', () => {
    expect(errors({})).toEqual({});
    expect(errors({ thresholds: { cpu: '', memory: 1, disk: 100 }, host: '2001:db8::1' })).toEqual({});
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
    ['keyPath', { method: 'key', keyPath: '' }],
    ['keyPath', { method: 'key', keyPath: '~/.ssh/id_ed25519.pub' }],
    ['secret', { method: 'password', secret: '' }],
    ['interval', { interval: 4 }],
    ['interval', { interval: '' }],
    ['interval', { interval: 604_801 }],
    ['thresholds.cpu', { thresholds: { cpu: 0.5, memory: 95, disk: 90 } }],
    ['thresholds.memory', { thresholds: { cpu: 90, memory: 101, disk: 90 } }],
    ['thresholds.disk', { thresholds: { cpu: 90, memory: 95, disk: 0 } }],
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

  it('lets this computer be read every 2 s', () => {
    expect(errors({ interval: 2 }, local())).toEqual({});
    expect(Object.keys(errors({ interval: 1 }, local()))).toEqual(['interval']);
  });
});
