import { describe, expect, it } from 'vitest';

import { step } from '../../test/fixtures';
import { shownFamilies, stepGroups } from './steps';

const hop = 'ops@bastion';

function outline(...args: Parameters<typeof stepGroups>): string[] {
  return stepGroups(...args).map(
    ({ key, steps }) => `${key}: ${steps.map((one) => `${one.stage} ${one.outcome}`).join(', ')}`,
  );
}

describe('the steps', () => {
  it('stand in one list where there is no jump host', () => {
    expect(outline([step({ stage: 'credential' }), step({ stage: 'resolve' })], [], true)).toEqual([
      'server: credential passed, resolve passed, connect running, keyExchange pending, hostKey pending, login pending, shell pending, probe pending',
    ]);
  });

  it('stand host by host, and what was passed by is left out', () => {
    const steps = [step({ stage: 'credential' }), step({ hop }), step({ stage: 'login', hop, outcome: 'failed' })];
    expect(outline(steps, [hop], true)).toEqual([
      'before: credential passed',
      'jump ops@bastion: connect passed, login failed',
      'server: resolve pending, connect pending, keyExchange pending, hostKey pending, login pending, shell pending, probe pending',
    ]);
    expect(outline(steps, [hop], false)).toEqual([
      'before: credential passed',
      'jump ops@bastion: connect passed, login failed',
    ]);
  });

  it('tell a credential that is missing at a jump host', () => {
    expect(outline([step({ stage: 'credential', hop, outcome: 'failed' })], [hop], false)).toEqual([
      'jump ops@bastion: credential failed',
    ]);
  });

  it('tell from the families how reading goes', () => {
    const families = [
      step({ stage: 'probe', family: 'cpu' }),
      step({ stage: 'probe', family: 'gpus', outcome: 'notAvailable' }),
    ];
    expect(outline(families, [], true).at(-1)).toMatch(/probe running$/);
    expect(outline(families, [], false)).toEqual(['server: probe passed']);
    const failed = [...families, step({ stage: 'probe', family: 'load', outcome: 'failed' })];
    expect(outline(failed, [], false)).toEqual(['server: probe failed']);
  });
});

it('lists families once, those that are not available last', () => {
  const steps = [
    step({ stage: 'probe', family: 'gpus', outcome: 'notAvailable', detail: 'none', millis: null }),
    step({ stage: 'probe', family: 'cpu', millis: 2 }),
    step({ stage: 'probe', family: 'users', outcome: 'passed' }),
    step({ stage: 'probe', family: 'load', outcome: 'notReached' }),
  ];
  expect(shownFamilies(steps, [{ family: 'users', reason: 'no who', partial: false }])).toEqual([
    { family: 'cpu', millis: 2, reason: null, missing: null },
    { family: 'gpus', millis: null, reason: 'none', missing: null },
    { family: 'users', millis: null, reason: 'no who', missing: null },
  ]);
});

it('counts a family that was read in part as read, and says what is missing', () => {
  const steps = [step({ stage: 'probe', family: 'filesystems', millis: 2, detail: 'Only 1024 are kept.' })];
  const unavailable = [{ family: 'filesystems' as const, reason: 'Only 1024 are kept.', partial: true }];
  expect(shownFamilies(steps, unavailable)).toEqual([
    { family: 'filesystems', millis: 2, reason: null, missing: 'Only 1024 are kept.' },
  ]);
});
