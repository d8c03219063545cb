/** Which screen is shown. It stands in the hash of the address, so that back, forward and links work as everywhere. */

import { useSyncExternalStore } from 'react';

import type { ServerId } from '../api/gen/ServerId';
import type { UnixMillis } from '../api/gen/UnixMillis';

export type Route =
  | { screen: 'overview' | 'alerts' | 'queue' | 'activity' | 'reports' | 'settings' }
  /** `at` is a moment of interest, such as that of an alert. */
  | { screen: 'server'; id: ServerId; at: UnixMillis | null; part: ServerPart };

/** The parts of the page of a server; the first one is shown unless another is asked for. */
export const serverParts = ['metrics', 'connection', 'log'] as const;

export type ServerPart = (typeof serverParts)[number];

const PLAIN = ['alerts', 'queue', 'activity', 'reports', 'settings'] as const;

/** The route that `hash` names; the overview where it names none. */
export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?');
  const server = /^servers\/(\d+)$/.exec(path);
  if (server?.[1] !== undefined) {
    const asked = new URLSearchParams(search);
    const at = Number(asked.get('at'));
    const part = serverParts.find((one) => one === asked.get('part')) ?? serverParts[0];
    return { screen: 'server', id: Number(server[1]), at: at > 0 ? at : null, part };
  }
  return { screen: PLAIN.find((screen) => screen === path) ?? 'overview' };
}

/** The address of `route`. */
export function href(route: Route): string {
  if (route.screen === 'overview') return '#/';
  if (route.screen !== 'server') return `#/${route.screen}`;
  const asked = new URLSearchParams();
  if (route.at !== null) asked.set('at', String(route.at));
  if (route.part !== serverParts[0]) asked.set('part', route.part);
  return `#/servers/${route.id}${asked.size > 0 ? `?${asked.toString()}` : ''}`;
}

export function serverHref(id: ServerId, at: UnixMillis | null = null): string {
  return href({ screen: 'server', id, at, part: serverParts[0] });
}

export function go(route: Route): void {
  window.location.hash = href(route);
}

function watchHash(watcher: () => void): () => void {
  window.addEventListener('hashchange', watcher);
  return () => {
    window.removeEventListener('hashchange', watcher);
  };
}

/** The address itself: a string, so that it can be compared. */
export function useHash(): string {
  return useSyncExternalStore(watchHash, () => window.location.hash);
}
