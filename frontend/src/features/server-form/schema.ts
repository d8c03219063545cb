/**
 * The checks that the form makes while a person types, with the words of the engine. The engine checks everything again and
 * has the last word.
 */

import * as v from 'valibot';

import type { ServerView } from '../../api/gen/ServerView';
import { canKeepSecret, type FormValues } from './values';

const SMALLEST_INTERVAL = 5;
const SMALLEST_LOCAL_INTERVAL = 2;
const LARGEST_INTERVAL = 604_800;

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

const THRESHOLD = 'A threshold is a percentage from 1 to 100; without one the alert is off.';
const threshold = v.union(
  [v.literal(''), v.pipe(v.number(THRESHOLD), v.minValue(1, THRESHOLD), v.maxValue(100, THRESHOLD))],
  THRESHOLD,
);

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
    thresholds: v.object({ cpu: threshold, memory: threshold, disk: threshold }),
  };
}

function secretNeeded(values: FormValues, view: ServerView | null): string | null {
  const what = values.method === 'password' ? 'password' : 'passphrase';
  if (canKeepSecret(view, values.method)) return values.secretAction === 'set' ? `Enter the new ${what}.` : null;
  return values.method === 'password' ? 'Enter the password. It goes into the keyring of this computer.' : null;
}

/** The schema for what `values` chose: a key needs a path, a new password login a password. */
export function schemaFor(values: FormValues, view: ServerView | null) {
  if (view?.server.target.kind === 'local') return v.object({ name, ...common(SMALLEST_LOCAL_INTERVAL) });
  const needed = secretNeeded(values, view);
  return v.object({
    name: foreignName,
    host,
    port,
    user,
    keyPath: values.method === 'key' ? keyPath : v.string(),
    secret: needed === null ? v.string() : v.pipe(v.string(), v.nonEmpty(needed)),
    ...common(SMALLEST_INTERVAL),
  });
}
