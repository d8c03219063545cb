/** That a test of a saved server has ended: its history has one more then, and no event of the engine says so. */

import { useEffect, useEffectEvent } from 'react';

import type { ServerId } from '../../api/gen/ServerId';

const watchers = new Set<(id: ServerId) => void>();

export function tellTestEnded(id: ServerId): void {
  for (const watcher of watchers) watcher(id);
}

/** Calls `then` whenever a test of this server has ended. */
export function useTestEnded(id: ServerId, then: () => void): void {
  const latest = useEffectEvent(then);
  useEffect(() => {
    const watcher = (ended: ServerId) => {
      if (ended === id) latest();
    };
    watchers.add(watcher);
    return () => {
      watchers.delete(watcher);
    };
  }, [id]);
}
