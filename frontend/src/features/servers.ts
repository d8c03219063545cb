/** Words about a server that several screens need. */

import type { ServerId } from '../api/gen/ServerId';
import type { ServerState } from '../api/gen/ServerState';
import type { Target } from '../api/gen/Target';
import { useModel } from '../state/hooks';

/** This computer. */
export const LOCAL: ServerId = 0;

/** Where a server is: `ops@web1.example.org`, with the port where it is not 22. */
export function address(target: Target): string {
  if (target.kind === 'local') return 'This computer';
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  return `${target.user}@${host}${target.port === 22 ? '' : `:${target.port}`}`;
}

/** Whether the values of a server in this state are those of now. */
export function isFresh(state: ServerState): boolean {
  return state === 'up';
}

/** Names by number, for lists that hold numbers only. */
export function useServerName(): (id: ServerId) => string {
  const servers = useModel((model) => model.servers);
  return (id) => servers.find(({ server }) => server.id === id)?.server.name ?? 'removed server';
}
