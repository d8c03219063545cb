/** What stands in the form, and how it becomes what the engine takes. */

import type { Family } from '../../api/gen/Family';
import type { Hop } from '../../api/gen/Hop';
import type { Login } from '../../api/gen/Login';
import type { SecretChange } from '../../api/gen/SecretChange';
import type { SecretEdit } from '../../api/gen/SecretEdit';
import type { SecretSlot } from '../../api/gen/SecretSlot';
import type { Server } from '../../api/gen/Server';
import type { ServerForm } from '../../api/gen/ServerForm';
import type { ServerView } from '../../api/gen/ServerView';
import type { SshTarget } from '../../api/gen/SshTarget';
import { address, hopName } from '../servers';

export type Method = Login['method'];

/** A number field holds text while it is empty. */
type NumberField = number | string;

export interface SecretValues {
  /** Only where a secret is saved already. */
  action: SecretChange['action'];
  value: string;
}

/** One way to log in. What another method than the chosen one needs stays empty. */
export interface LoginValues {
  /** Tells the rows of a list apart while they move. */
  id: string;
  method: Method;
  path: string;
  certificate: string;
  key: string;
  socket: string;
  passphrase: SecretValues;
}

/** A host, and who logs in there. There is one password for each host, whichever row asks for it. */
export interface HopValues {
  host: string;
  port: NumberField;
  user: string;
  logins: LoginValues[];
  password: SecretValues;
}

export interface JumpValues extends HopValues {
  id: string;
  /** Whether it is logged in to as the server is: in the same ways, with a password of its own. */
  likeServer: boolean;
}

export interface FormValues extends HopValues {
  name: string;
  jumps: JumpValues[];
  environment: string;
  tags: string[];
  enabled: boolean;
  interval: NumberField;
  thresholds: { cpu: NumberField; memory: NumberField; disk: NumberField; diskFullIn: NumberField };
  familiesOff: Family[];
}

/** As many as the engine takes. */
export const MAX_LOGINS = 6;
export const MAX_JUMPS = 4;

const noSecret = (): SecretValues => ({ action: 'keep', value: '' });

let rows = 0;

function newId(): string {
  rows += 1;
  return `row-${rows}`;
}

export function newLogin(method: Method): LoginValues {
  return { id: newId(), method, path: '', certificate: '', key: '', socket: '', passphrase: noSecret() };
}

export function newJump(): JumpValues {
  return {
    id: newId(),
    likeServer: true,
    host: '',
    port: 22,
    user: '',
    logins: [newLogin('agent')],
    password: noSecret(),
  };
}

function loginValues(login: Login): LoginValues {
  const empty = newLogin(login.method);
  switch (login.method) {
    case 'key':
      return { ...empty, path: login.path, certificate: login.certificate ?? '' };
    case 'agent':
      return { ...empty, key: login.key ?? '', socket: login.socket ?? '' };
    case 'password':
    case 'prompts':
      return empty;
  }
}

function hopValues({ host, port, user, logins }: Hop): HopValues {
  return { host, port, user, logins: logins.map(loginValues), password: noSecret() };
}

function jumpValues(jump: Hop, server: Hop): JumpValues {
  const likeServer = JSON.stringify(jump.logins) === JSON.stringify(server.logins);
  return { ...hopValues(jump), id: newId(), likeServer };
}

/** The form as it opens: with the settings of `view`, or those of a new server. A secret is never among them. */
export function initialValues(view: ServerView | null): FormValues {
  const values: FormValues = {
    name: '',
    host: '',
    port: 22,
    user: '',
    logins: [newLogin('agent')],
    password: noSecret(),
    jumps: [],
    environment: '',
    tags: [],
    enabled: true,
    interval: 900,
    thresholds: { cpu: 90, memory: 95, disk: 90, diskFullIn: 3 },
    familiesOff: [],
  };
  if (!view) return values;
  const { name, target, environment, tags, enabled, interval, thresholds, familiesOff } = view.server;
  const way = target.kind === 'ssh' && {
    ...hopValues(target),
    jumps: target.jumps.map((jump) => jumpValues(jump, target)),
  };
  return {
    ...values,
    ...way,
    name,
    environment: environment ?? '',
    tags,
    enabled,
    interval,
    thresholds: {
      cpu: thresholds.cpu ?? '',
      memory: thresholds.memory ?? '',
      disk: thresholds.disk ?? '',
      diskFullIn: thresholds.diskFullIn ?? '',
    },
    familiesOff,
  };
}

function orNull(text: string): string | null {
  return text.trim() === '' ? null : text.trim();
}

function toLogin({ method, path, certificate, key, socket }: LoginValues): Login {
  switch (method) {
    case 'key':
      return { method, path: path.trim(), certificate: orNull(certificate) };
    case 'agent':
      return { method, key: orNull(key), socket: orNull(socket) };
    case 'password':
    case 'prompts':
      return { method };
  }
}

/** The ways to log in that count for `jump`. */
export function loginsOf(jump: JumpValues, values: FormValues): LoginValues[] {
  return jump.likeServer ? values.logins : jump.logins;
}

function toHop({ host, port, user }: HopValues, logins: readonly LoginValues[]): Hop {
  return { host: host.trim(), port: Number(port), user: user.trim(), logins: logins.map(toLogin) };
}

function toTarget(values: FormValues): SshTarget {
  const jumps = values.jumps.map((jump) => toHop(jump, loginsOf(jump, values)));
  return { ...toHop(values, values.logins), jumps };
}

/** A secret that the form asks for: where its field is, and where the keyring puts it. */
export interface AskedSecret {
  path: string;
  slot: SecretSlot;
  /** Who it is shown to, where the slot does not say it: the password of the server itself goes to no other address or user. */
  place: string | null;
  values: SecretValues;
}

function secretsOfHop(
  hop: HopValues,
  logins: readonly LoginValues[],
  prefix: string,
  jump: string | null,
): AskedSecret[] {
  const asked: AskedSecret[] = [];
  logins.forEach(({ method, path, passphrase }, index) => {
    if (method === 'password') {
      const place = jump === null ? hopName(toHop(hop, [])) : null;
      asked.push({ path: `${prefix}password`, slot: { kind: 'password', jump }, place, values: hop.password });
    }
    if (method === 'key') {
      const slot: SecretSlot = { kind: 'passphrase', path: path.trim() };
      asked.push({ path: `${prefix}logins.${index}.passphrase`, slot, place: null, values: passphrase });
    }
  });
  return asked;
}

export function sameSlot(a: SecretSlot, b: SecretSlot): boolean {
  if (a.kind === 'password') return b.kind === 'password' && a.jump === b.jump;
  return b.kind === 'passphrase' && a.path === b.path;
}

/** Every secret that the form asks for, each once: a key file that is used twice has one passphrase, asked where it comes first. */
export function askedSecrets(values: FormValues): AskedSecret[] {
  const all = [
    ...secretsOfHop(values, values.logins, '', null),
    ...values.jumps.flatMap((jump, index) => {
      const logins = loginsOf(jump, values);
      return secretsOfHop(jump, logins, `jumps.${index}.`, hopName(toHop(jump, logins)));
    }),
  ];
  return all.filter(({ slot }, index) => all.findIndex((other) => sameSlot(other.slot, slot)) === index);
}

/** Whether the keyring holds it for the host that it would be shown to, so that keeping it is a choice. */
export function isSaved(view: ServerView | null, secret: AskedSecret): boolean {
  return holds(view, secret) && !hasMoved(view, secret);
}

/** Whether the keyring holds it for another address or user than the form names now: it is not used any more. */
export function isLeftBehind(view: ServerView | null, secret: AskedSecret): boolean {
  return holds(view, secret) && hasMoved(view, secret);
}

function holds(view: ServerView | null, { slot }: AskedSecret): boolean {
  return view?.secrets.some((saved) => sameSlot(saved, slot)) ?? false;
}

function hasMoved(view: ServerView | null, { place }: AskedSecret): boolean {
  return view !== null && place !== null && place !== address(view.server.target);
}

/** Where the form shows an error of the engine: that of a secret at the field in which it is entered. */
export function shownPath(field: string, values: FormValues): string {
  return askedSecrets(values).some(({ path }) => path === field) ? `${field}.value` : field;
}

/** The field in which a login that failed at `hop` (null: at the server) is put right: its password, its key file, or the user. */
export function loginField(values: FormValues, hop: string | null): string {
  const index = hop === null ? -1 : values.jumps.findIndex((jump) => hopName(toHop(jump, [])) === hop);
  const jump = values.jumps[index];
  const prefix = jump ? `jumps.${index}.` : '';
  const logins = jump ? loginsOf(jump, values) : values.logins;
  if (logins.some(({ method }) => method === 'password')) return `${prefix}password.value`;
  const key = logins.findIndex(({ method }) => method === 'key');
  if (key >= 0) return `${jump?.likeServer === true ? '' : prefix}logins.${key}.path`;
  return `${prefix}user`;
}

function changeOf(secret: AskedSecret, view: ServerView | null): SecretChange {
  const { action, value } = secret.values;
  if (isSaved(view, secret)) return action === 'set' ? { action, value } : { action };
  return value === '' ? { action: 'keep' } : { action: 'set', value };
}

function secretEdits(values: FormValues, view: ServerView | null): SecretEdit[] {
  return askedSecrets(values)
    .map((secret) => ({ slot: secret.slot, change: changeOf(secret, view) }))
    .filter(({ change }) => change.action !== 'keep');
}

/** Whether a connection test of `before` says anything about `after`. */
export function sameConnection(before: FormValues, after: FormValues): boolean {
  const part = ({ host, port, user, logins, password, jumps, familiesOff }: FormValues) =>
    JSON.stringify([host, port, user, logins, password, jumps, familiesOff]);
  return part(before) === part(after);
}

const METHOD_FIELDS: Record<Method, readonly string[]> = {
  agent: ['key', 'socket'],
  key: ['path', 'certificate'],
  password: [],
  prompts: [],
};

function fieldsOfHop(logins: readonly LoginValues[], prefix: string): string[] {
  const own = ['host', 'port', 'user', 'logins'];
  const ways = logins.flatMap(({ method }, index) => METHOD_FIELDS[method].map((field) => `logins.${index}.${field}`));
  return [...own, ...ways].map((field) => prefix + field);
}

/** The paths of the fields that the form shows: an error of any other path needs a place of its own. */
export function shownFields(values: FormValues, view: ServerView | null): string[] {
  const common = [
    'name',
    'environment',
    'tags',
    'interval',
    'thresholds.cpu',
    'thresholds.memory',
    'thresholds.disk',
    'thresholds.diskFullIn',
    'familiesOff',
  ];
  if (view?.server.target.kind === 'local') return common;
  return [
    ...common,
    ...fieldsOfHop(values.logins, ''),
    'jumps',
    ...values.jumps.flatMap((jump, index) => fieldsOfHop(jump.likeServer ? [] : jump.logins, `jumps.${index}.`)),
    ...askedSecrets(values).map(({ path }) => `${path}.value`),
  ];
}

/** Whether an error of `path` only repeats one of the server: the jump host is logged in to in the same ways. */
export function repeatsServer(path: string, { jumps }: FormValues): boolean {
  const jump = /^jumps\.(\d+)\.logins/.exec(path)?.[1];
  return jump !== undefined && jumps[Number(jump)]?.likeServer === true;
}

function numberOrOff(field: NumberField): number | null {
  return field === '' ? null : Number(field);
}

/** What the engine takes. */
export function toServerForm(values: FormValues, view: ServerView | null): ServerForm {
  const local = view?.server.target.kind === 'local';
  return {
    draft: {
      name: values.name,
      target: local ? { kind: 'local' } : { kind: 'ssh', ...toTarget(values) },
      enabled: values.enabled,
      interval: Number(values.interval),
      thresholds: {
        cpu: numberOrOff(values.thresholds.cpu),
        memory: numberOrOff(values.thresholds.memory),
        disk: numberOrOff(values.thresholds.disk),
        diskFullIn: numberOrOff(values.thresholds.diskFullIn),
      },
      familiesOff: values.familiesOff,
      environment: values.environment.trim() === '' ? null : values.environment,
      tags: values.tags,
    },
    secrets: local ? [] : secretEdits(values, view),
  };
}

/** A saved server as it stands, for a test that changes nothing. */
export function savedForm(server: Server): ServerForm {
  const { name, target, enabled, interval, thresholds, familiesOff, environment, tags } = server;
  return { draft: { name, target, enabled, interval, thresholds, familiesOff, environment, tags }, secrets: [] };
}
