/** Small, complete things of the engine, to be changed where a test cares. */

import type { Activity } from '../api/gen/Activity';
import type { Alert } from '../api/gen/Alert';
import type { Collection } from '../api/gen/Collection';
import type { Failure } from '../api/gen/Failure';
import type { Latest } from '../api/gen/Latest';
import type { Login } from '../api/gen/Login';
import type { LoginPrompt } from '../api/gen/LoginPrompt';
import type { QueueView } from '../api/gen/QueueView';
import type { Server } from '../api/gen/Server';
import type { ServerView } from '../api/gen/ServerView';
import type { Snapshot } from '../api/gen/Snapshot';
import type { ServerStorage } from '../api/gen/ServerStorage';
import type { SshTarget } from '../api/gen/SshTarget';
import type { StorageReport } from '../api/gen/StorageReport';
import type { Summary } from '../api/gen/Summary';
import type { Target } from '../api/gen/Target';
import type { TestStep } from '../api/gen/TestStep';

export const NOW = 1_764_000_000_000;

export function summary(over: Partial<Summary> = {}): Summary {
  return {
    cpu: 0.25,
    memory: 0.5,
    disk: 0.75,
    diskMountpoint: '/var',
    load: 0.42,
    networkReceive: 2_048,
    networkTransmit: 1_024,
    uptime: 90_000,
    ...over,
  };
}

/** A target that is dialled directly, with the agent of this session. */
export function ssh(over: Partial<SshTarget> = {}): Target {
  const agent: Login = { method: 'agent', key: null, socket: null };
  return { kind: 'ssh', host: 'web1.example.org', port: 22, user: 'ops', logins: [agent], jumps: [], ...over };
}

export function server(over: Partial<Server> = {}): Server {
  return {
    id: 1,
    name: 'web-1',
    target: ssh(),
    enabled: true,
    interval: 60,
    thresholds: { cpu: 90, memory: 95, disk: 90, diskFullIn: 3 },
    familiesOff: [],
    environment: 'production',
    tags: ['eu'],
    createdAt: NOW,
    ...over,
  };
}

export function view(over: Partial<ServerView> = {}, of: Partial<Server> = {}): ServerView {
  return {
    server: server(of),
    state: 'up',
    summary: summary(),
    lastSeen: NOW,
    nextVisit: NOW + 60_000,
    failure: null,
    firing: 0,
    secrets: [],
    heldSince: null,
    overBudget: [],
    ...over,
  };
}

export function local(): ServerView {
  return view({}, { id: 0, name: 'local', target: { kind: 'local' }, environment: null, tags: [], interval: 2 });
}

export function failure(over: Partial<Failure> = {}): Failure {
  return {
    code: 'connection_refused',
    stage: 'connect',
    message: 'web1.example.org refused the connection.',
    hint: 'Check that sshd runs there.',
    remedy: null,
    hop: null,
    retryable: true,
    ...over,
  };
}

export function collection(over: Partial<Collection> = {}): Collection {
  return {
    id: 1,
    server: 1,
    trigger: 'schedule',
    state: 'completed',
    queuedAt: NOW,
    startedAt: NOW,
    endedAt: NOW,
    retryAt: null,
    attempts: 1,
    maxAttempts: 3,
    stages: [{ stage: 'connect', family: null, hop: null, millis: 12 }],
    failure: null,
    points: 80,
    ...over,
  };
}

export function queue(over: Partial<QueueView> = {}): QueueView {
  return {
    paused: false,
    concurrency: 5,
    counts: { waiting: 0, active: 0, delayed: 0, completed: 1, failed: 0, scheduled: 1 },
    collections: [collection()],
    scheduled: [{ server: 1, at: NOW + 60_000 }],
    ...over,
  };
}

export function alert(over: Partial<Alert> = {}): Alert {
  return {
    id: 1,
    server: 1,
    rule: 'memory',
    attributes: {},
    state: 'firing',
    threshold: 0.95,
    value: 0.97,
    message: 'Memory of web-1 is at 97 %.',
    resolution: null,
    firedAt: NOW,
    resolvedAt: null,
    ...over,
  };
}

export function activity(over: Partial<Activity> = {}): Activity {
  return { id: 1, at: NOW, kind: 'serverAdded', server: 1, message: 'web-1 was added.', ...over };
}

export function latest(over: Partial<Latest> = {}): Latest {
  return { at: NOW, readAt: {}, points: [], processes: null, facts: null, tables: {}, unavailable: [], ...over };
}

export function snapshot(over: Partial<Snapshot> = {}): Snapshot {
  return {
    version: '0.1.0',
    dataDir: '/home/ada/.local/share/hostrounds',
    servers: [local(), view()],
    queue: queue(),
    alerts: [],
    activity: [activity()],
    settings: {
      concurrency: 5,
      notifications: true,
      budget: { logins: 48, bytes: 209_715_200, cpu: 600 },
      retention: { days: 730, bytes: null, warnBytes: 2 ** 31 },
    },
    bounds: {
      leastConcurrency: 1,
      mostConcurrency: 64,
      mostBudget: { logins: 100_000, bytes: 1_099_511_627_776, cpu: 86_400 },
    },
    prompts: [],
    troubles: [],
    scheduleHeldElsewhere: false,
    ...over,
  };
}

export function serverStorage(over: Partial<ServerStorage> = {}): ServerStorage {
  return { server: 1, bytes: 3 * 2 ** 20, collections: 12_340, first: NOW, days: null, ...over };
}

export function storage(over: Partial<StorageReport> = {}): StorageReport {
  return {
    file: 48 * 2 ** 20,
    log: 4 * 2 ** 20,
    free: 2 ** 20,
    growth: 1.2 * 2 ** 20,
    servers: [serverStorage({ server: 0, bytes: 2 ** 20 }), serverStorage()],
    retention: snapshot().settings.retention,
    ...over,
  };
}

export function step(over: Partial<TestStep> = {}): TestStep {
  return { stage: 'connect', hop: null, family: null, outcome: 'passed', millis: 3, detail: null, ...over };
}

export function prompt(over: Partial<LoginPrompt> = {}): LoginPrompt {
  return {
    id: 'prompt-1',
    server: 1,
    hop: 'ops@bastion.example.org',
    name: '',
    instructions: '',
    questions: [{ text: 'Verification code: ', echo: true }],
    until: Date.now() + 90_000,
    ...over,
  };
}
