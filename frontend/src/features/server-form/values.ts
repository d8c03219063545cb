/** What stands in the form, and how it becomes what the engine takes. */

import type { Login } from '../../api/gen/Login';
import type { SecretChange } from '../../api/gen/SecretChange';
import type { Server } from '../../api/gen/Server';
import type { ServerForm } from '../../api/gen/ServerForm';
import type { ServerView } from '../../api/gen/ServerView';
import type { Target } from '../../api/gen/Target';

export type Method = Login['method'];

/** A number field holds text while it is empty. */
type NumberField = number | string;

export interface FormValues {
  name: string;
  host: string;
  port: NumberField;
  user: string;
  method: Method;
  keyPath: string;
  /** Only where a secret is saved already. */
  secretAction: SecretChange['action'];
  secret: string;
  environment: string;
  tags: string[];
  enabled: boolean;
  interval: NumberField;
  thresholds: { cpu: NumberField; memory: NumberField; disk: NumberField };
}

const NEW: FormValues = {
  name: '',
  host: '',
  port: 22,
  user: '',
  method: 'agent',
  keyPath: '',
  secretAction: 'keep',
  secret: '',
  environment: '',
  tags: [],
  enabled: true,
  interval: 900,
  thresholds: { cpu: 90, memory: 95, disk: 90 },
};

/** Whether a connection test of `before` says anything about `after`. */
export function sameConnection(before: FormValues, after: FormValues): boolean {
  const part = ({ host, port, user, method, keyPath, secretAction, secret }: FormValues) =>
    JSON.stringify([host, port, user, method, keyPath, secretAction, secret]);
  return part(before) === part(after);
}

/** The paths of the fields that the form shows: an error of any other path needs a place of its own. */
export function shownFields({ method, secretAction }: FormValues, view: ServerView | null): string[] {
  const common = ['name', 'environment', 'tags', 'interval', 'thresholds.cpu', 'thresholds.memory', 'thresholds.disk'];
  if (view?.server.target.kind === 'local') return common;
  const fields = [...common, 'host', 'port', 'user'];
  if (method === 'key') fields.push('keyPath');
  if (method !== 'agent' && (secretAction === 'set' || !canKeepSecret(view, method))) fields.push('secret');
  return fields;
}

function savedMethod(view: ServerView | null): Method | null {
  return view?.server.target.kind === 'ssh' ? view.server.target.login.method : null;
}

/** The form as it opens: with the settings of `view`, or those of a new server. A secret is never among them. */
export function initialValues(view: ServerView | null): FormValues {
  if (!view) return NEW;
  const { name, target, environment, tags, enabled, interval, thresholds } = view.server;
  const connection =
    target.kind === 'ssh'
      ? {
          host: target.host,
          port: target.port,
          user: target.user,
          method: target.login.method,
          keyPath: target.login.method === 'key' ? target.login.path : '',
        }
      : {};
  return {
    ...NEW,
    ...connection,
    name,
    environment: environment ?? '',
    tags,
    enabled,
    interval,
    thresholds: { cpu: thresholds.cpu ?? '', memory: thresholds.memory ?? '', disk: thresholds.disk ?? '' },
  };
}

/** Whether the keyring may hold a secret that fits `method`, so that keeping it is a choice. */
export function canKeepSecret(view: ServerView | null, method: Method): boolean {
  return method !== 'agent' && savedMethod(view) === method && view?.hasSecret !== false;
}

function secretChange(values: FormValues, view: ServerView | null): SecretChange {
  if (canKeepSecret(view, values.method)) {
    return values.secretAction === 'set' ? { action: 'set', value: values.secret } : { action: values.secretAction };
  }
  if (values.method !== 'agent' && values.secret !== '') return { action: 'set', value: values.secret };
  // A password is no passphrase: what was saved for another way to log in must not stay.
  const leftover = view !== null && savedMethod(view) !== values.method && view.hasSecret !== false;
  return { action: leftover && savedMethod(view) !== 'agent' ? 'clear' : 'keep' };
}

function login({ method, keyPath }: FormValues): Login {
  return method === 'key' ? { method, path: keyPath } : { method };
}

function target(values: FormValues): Target {
  return { kind: 'ssh', host: values.host, port: Number(values.port), user: values.user, login: login(values) };
}

function percentOrOff(field: NumberField): number | null {
  return field === '' ? null : Number(field);
}

/** What the engine takes. */
export function toServerForm(values: FormValues, view: ServerView | null): ServerForm {
  const local = view?.server.target.kind === 'local';
  return {
    draft: {
      name: values.name,
      target: local ? { kind: 'local' } : target(values),
      enabled: values.enabled,
      interval: Number(values.interval),
      thresholds: {
        cpu: percentOrOff(values.thresholds.cpu),
        memory: percentOrOff(values.thresholds.memory),
        disk: percentOrOff(values.thresholds.disk),
      },
      environment: values.environment.trim() === '' ? null : values.environment,
      tags: values.tags,
    },
    secret: local ? { action: 'keep' } : secretChange(values, view),
  };
}

/** A saved server as it stands, for a test that changes nothing. */
export function savedForm(server: Server): ServerForm {
  const { name, target: where, enabled, interval, thresholds, environment, tags } = server;
  return {
    draft: { name, target: where, enabled, interval, thresholds, environment, tags },
    secret: { action: 'keep' },
  };
}
