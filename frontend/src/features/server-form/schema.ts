/**
 * The checks that the form makes while a person types, with the words of the engine. The engine checks everything again and
 * has the last word.
 */

import { type FormErrors, schemaResolver } from '@mantine/form';
import * as v from 'valibot';

import type { ServerView } from '../../api/gen/ServerView';
import { familyGroups } from '../../format/families';
import {
  type AskedSecret,
  askedSecrets,
  type FormValues,
  initialValues,
  isLeftBehind,
  isSaved,
  MAX_JUMPS,
  MAX_LOGINS,
  sameSlot,
} from './values';

const SMALLEST_INTERVAL = 5;
const SMALLEST_LOCAL_INTERVAL = 2;
const LARGEST_INTERVAL = 604_800;

const FAMILIES = familyGroups.flatMap(({ families }) => families).length;

const short = (most: number) => v.maxLength<string, number, string>(most, `At most ${most} characters.`);

const name = v.pipe(v.string(), v.trim(), v.nonEmpty('Give the server a name.'), short(64));

const foreignName = v.pipe(
  name,
  v.check((text) => text.toLowerCase() !== 'local', '`local` is the name of this computer. Choose another one.'),
);

const host = v.pipe(
  v.string(),
  v.trim(),
  v.nonEmpty('Enter the name or the address of the server.'),
  v.regex(/^[^/@\s]+$/, 'Enter only a host name or an address: no scheme, user, path or spaces.'),
  short(253),
);

const PORT = 'The port is a number from 1 to 65535; SSH usually listens on 22.';
const port = v.pipe(v.number(PORT), v.integer(PORT), v.minValue(1, PORT), v.maxValue(65_535, PORT));

const user = v.pipe(v.string(), v.trim(), v.nonEmpty('Enter the user that logs in on the server.'), short(64));

const keyPath = v.pipe(
  v.string(),
  v.trim(),
  v.nonEmpty('Choose the private key file, for example ~/.ssh/id_ed25519.'),
  v.check((path) => !path.endsWith('.pub'), 'That is a public key. Choose the private key beside it, without `.pub`.'),
);

const agentKey = v.pipe(
  v.string(),
  v.trim(),
  v.check((key) => !key.startsWith('MD5:'), 'Give the SHA256 fingerprint, as `ssh-add -l` prints it.'),
);

const login = v.variant('method', [
  v.object({ method: v.literal('agent'), key: agentKey }),
  v.object({ method: v.literal('key'), path: keyPath }),
  v.object({ method: v.literal('password') }),
  v.object({ method: v.literal('prompts') }),
]);

const hop = {
  host,
  port,
  user,
  logins: v.pipe(
    v.array(login),
    v.minLength(1, 'Choose at least one way to log in.'),
    v.maxLength(MAX_LOGINS, `At most ${MAX_LOGINS} ways to log in.`),
  ),
};

const jump = v.variant('likeServer', [
  v.object({ likeServer: v.literal(true), host, port, user }),
  v.object({ likeServer: v.literal(false), ...hop }),
]);

const THRESHOLD = 'A threshold is a percentage from 1 to 100; without one the alert is off.';
const threshold = v.union(
  [v.literal(''), v.pipe(v.number(THRESHOLD), v.minValue(1, THRESHOLD), v.maxValue(100, THRESHOLD))],
  THRESHOLD,
);

const DAYS = 'Give 0.5 to 100 days; without a number the alert is off.';
const days = v.union([v.literal(''), v.pipe(v.number(DAYS), v.minValue(0.5, DAYS), v.maxValue(100, DAYS))], DAYS);

function interval(smallest: number) {
  const words = `The interval is ${smallest} seconds to ${LARGEST_INTERVAL} seconds (a week); 60 or more is recommended.`;
  return v.pipe(v.number(words), v.integer(words), v.minValue(smallest, words), v.maxValue(LARGEST_INTERVAL, words));
}

function common(smallestInterval: number) {
  return {
    environment: v.pipe(v.string(), v.trim(), short(64)),
    // All tags share one field: an error of a single one would have no place.
    tags: v.pipe(
      v.array(v.string()),
      v.check((tags) => tags.every((tag) => tag.length <= 64), 'A tag has at most 64 characters.'),
      v.maxLength(32, 'A server has at most 32 tags.'),
    ),
    interval: interval(smallestInterval),
    thresholds: v.object({ cpu: threshold, memory: threshold, disk: threshold, diskFullIn: days }),
    familiesOff: v.pipe(
      v.array(v.string()),
      v.maxLength(FAMILIES - 1, 'Leave at least one family of metrics on, or disable the server.'),
    ),
  };
}

/** What is wrong with a secret that the form asks for; a passphrase is only needed where one is to be replaced. */
function wrongSecret(secret: AskedSecret, view: ServerView | null): string | null {
  const { slot, values } = secret;
  if (values.value !== '') return null;
  if (isSaved(view, secret)) return values.action === 'set' ? `Enter the new ${slot.kind}.` : null;
  if (isLeftBehind(view, secret)) return "Enter the password again: the server's address or user has changed.";
  // Where the keyring could not be asked, a password that is not told to be saved may still be there.
  const wasAskedBefore = view !== null && savedSlots(view).some((saved) => sameSlot(saved, slot));
  const needed = slot.kind === 'password' && !wasAskedBefore;
  return needed ? 'Enter the password. It goes into the keyring of this computer.' : null;
}

function savedSlots(view: ServerView): AskedSecret['slot'][] {
  return askedSecrets(initialValues(view)).map(({ slot }) => slot);
}

function schemaFor(view: ServerView | null) {
  if (view?.server.target.kind === 'local') return v.object({ name, ...common(SMALLEST_LOCAL_INTERVAL) });
  return v.object({
    name: foreignName,
    ...hop,
    jumps: v.pipe(v.array(jump), v.maxLength(MAX_JUMPS, `At most ${MAX_JUMPS} jump hosts.`)),
    ...common(SMALLEST_INTERVAL),
  });
}

/** What is wrong with `values`, by the path of the field. */
export function wrongFields(values: FormValues, view: ServerView | null): FormErrors {
  const errors = schemaResolver(schemaFor(view), { sync: true })(values);
  if (view?.server.target.kind === 'local') return errors;
  const secrets = askedSecrets(values).flatMap((secret) => {
    const wrong = wrongSecret(secret, view);
    return wrong === null ? [] : [[`${secret.path}.value`, wrong] as const];
  });
  return { ...errors, ...Object.fromEntries(secrets) };
}
