/** Which screen is shown. It stands in the hash of the address, so that back, forward and links work as everywhere. */

import { useSyncExternalStore } from 'react';

import type { ServerId } from '../api/gen/ServerId';
import type { UnixMillis } from '../api/gen/UnixMillis';

export type Route =
  | { screen: 'overview' | 'alerts' | 'queue' | 'activity' | 'settings' }
  /** `at` is a moment of interest, such as that of an alert. */
  | { screen: 'server'; id: ServerId; at: UnixMillis | null };

const PLAIN = ['alerts', 'queue', 'activity', 'settings'] as const;

/** The route that `hash` names; the overview where it names none. */
export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?');
  const server = /^servers\/(\d+)$/.exec(path);
  if (server?.[1] !== undefined) {
    const at = Number(new URLSearchParams(search).get('at'));
    return { screen: 'server', id: Number(server[1]), at: at > 0 ? at : null };
  }
  return { screen: PLAIN.find((screen) => screen === path) ?? 'overview' };
}

/** The address of `route`. */
export function href(route: Route): string {
  if (route.screen === 'overview') return '#/';
  if (route.screen !== 'server') return `#/${route.screen}`;
  return `#/servers/${route.id}${route.at === null ? '' : `?at=${route.at}`}`;
}

export function serverHref(id: ServerId, at: UnixMillis | null = null): string {
  return href({ screen: 'server', id, at });
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
