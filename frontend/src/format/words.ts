/** The words that stand for the codes of the engine. */

import type { ActivityKind } from '../api/gen/ActivityKind';
import type { CollectionState } from '../api/gen/CollectionState';
import type { Failure } from '../api/gen/Failure';
import type { Family } from '../api/gen/Family';
import type { Login } from '../api/gen/Login';
import type { RuleKind } from '../api/gen/RuleKind';
import type { ServerState } from '../api/gen/ServerState';
import type { Stage } from '../api/gen/Stage';
import type { StageTime } from '../api/gen/StageTime';
import type { StepOutcome } from '../api/gen/StepOutcome';
import type { Trigger } from '../api/gen/Trigger';
import type { Unit } from '../api/gen/Unit';

export const serverStateWord: Record<ServerState, string> = {
  up: 'Up',
  stale: 'Stale',
  retrying: 'Retrying',
  unreachable: 'Unreachable',
  notObserved: 'Not observed',
  disabled: 'Disabled',
  held: 'Held',
};

export const serverStateMeaning: Record<ServerState, string> = {
  up: 'Its newest values are fresh.',
  stale: 'Its newest values are older than they should be. No visit has failed since.',
  retrying: 'The latest visit failed and is tried again.',
  unreachable: 'The latest visit failed in all its tries.',
  notObserved: 'It has not been observed since Hostrounds started. That does not mean it is down.',
  disabled: 'It is not visited on a schedule.',
  held: 'Its schedule stands still until you act: it refused the login, or waits for an answer that only a person can give.',
};

/** A server whose login waits for a person's answer. */
export const WAITS = 'Waits for you';

export const collectionStateWord: Record<CollectionState, string> = {
  waiting: 'Waiting',
  active: 'Active',
  delayed: 'Delayed',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

export const triggerWord: Record<Trigger, string> = { schedule: 'Schedule', person: 'By hand', live: 'Live view' };

export const stageWord: Record<Stage, string> = {
  credential: 'Credential',
  resolve: 'Name lookup',
  connect: 'TCP connection',
  keyExchange: 'Key exchange',
  hostKey: 'Host key',
  login: 'Login',
  shell: 'Shell',
  probe: 'Metrics',
};

export const familyWord: Record<Family, string> = {
  cpu: 'CPU',
  load: 'Load',
  memory: 'Memory',
  filesystems: 'Filesystems',
  diskIo: 'Disk I/O',
  network: 'Network',
  processes: 'Processes',
  fileHandles: 'File handles',
  uptime: 'Uptime',
  pressure: 'Pressure',
  tcp: 'TCP connections',
  temperatures: 'Temperatures',
  users: 'Logged-in users',
  units: 'Failed units',
  reboot: 'Reboot required',
  updates: 'Pending updates',
  containers: 'Containers',
  gpus: 'GPUs',
  batteries: 'Batteries',
};

export const outcomeWord: Record<StepOutcome, string> = {
  passed: 'Passed',
  failed: 'Failed',
  notReached: 'Not reached',
  notAvailable: 'Not available',
};

export const loginWord: Record<Login['method'], string> = {
  agent: 'SSH agent',
  key: 'Key file',
  password: 'Password',
  prompts: 'Prompts',
};

export const ruleWord: Record<RuleKind, string> = {
  cpu: 'CPU',
  memory: 'Memory',
  disk: 'Disk',
  diskFullIn: 'Disk full in',
  unreachable: 'Unreachable',
};

/** What the values and the threshold of a rule are in. */
export const ruleUnit: Record<RuleKind, Unit> = {
  cpu: 'ratio',
  memory: 'ratio',
  disk: 'ratio',
  diskFullIn: 'seconds',
  unreachable: 'count',
};

export const activityWord: Record<ActivityKind, string> = {
  serverAdded: 'Server added',
  serverChanged: 'Server changed',
  serverRemoved: 'Server removed',
  serverEnabled: 'Server enabled',
  serverDisabled: 'Server disabled',
  hostKeyAccepted: 'Host key accepted',
  hostKeyReplaced: 'Host key replaced',
  hostKeyLearned: 'Host key learned',
  serverHeld: 'Schedule held',
  serverResumed: 'Schedule goes on',
  budgetExceeded: 'Over budget',
  serversImported: 'Servers imported',
  credentialChanged: 'Credential changed',
  queuePaused: 'Schedule paused',
  queueResumed: 'Schedule resumed',
  queueCleaned: 'Queue cleaned',
  alertFired: 'Alert fired',
  alertResolved: 'Alert resolved',
  settingChanged: 'Setting changed',
  trouble: 'Trouble',
};

/** A stage, or the one family that was timed alone; at a jump host with its name. */
export function stageName({ stage, family, hop }: StageTime): string {
  const name = family === null ? stageWord[stage] : familyWord[family];
  return hop === null ? name : `${name} of ${hop}`;
}

/** Where something failed, and what. */
export function failureTitle({ stage, hop, message }: Pick<Failure, 'stage' | 'hop' | 'message'>): string {
  return `${stageWord[stage]}${hop === null ? '' : ` at the jump host ${hop}`}: ${message}`;
}

/** `1 server`, `2 servers`. */
export function plural(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`;
}
