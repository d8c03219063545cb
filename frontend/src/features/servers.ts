/** Words about a server that several screens need. */

import type { Failure } from '../api/gen/Failure';
import type { Hop } from '../api/gen/Hop';
import type { ServerId } from '../api/gen/ServerId';
import type { ServerState } from '../api/gen/ServerState';
import type { Target } from '../api/gen/Target';
import { useModel } from '../state/hooks';

/** This computer. */
export const LOCAL: ServerId = 0;

/** A host on the way as the engine writes it: `ops@web1.example.org`, with the port where it is not 22. */
export function hopName({ host, port, user }: Pick<Hop, 'host' | 'port' | 'user'>): string {
  const bare = host.replace(/^\[|\]$/g, '');
  if (port === 22) return `${user}@${bare}`;
  return `${user}@${bare.includes(':') ? `[${bare}]` : bare}:${port}`;
}

/** Where a server is. */
export function address(target: Target): string {
  return target.kind === 'local' ? 'This computer' : hopName(target);
}

/** How a server is reached: through which jump hosts; empty where there are none. */
export function wayTo(target: Target): string {
  if (target.kind === 'local' || target.jumps.length === 0) return '';
  return `via ${target.jumps.map(hopName).join(', ')}`;
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

/** Whether a person can settle this failure by looking at a host key. */
export function asksAboutHostKey({ code }: Failure): boolean {
  return code === 'host_key_unknown' || code === 'host_key_changed';
}
