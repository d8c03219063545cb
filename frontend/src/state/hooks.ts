/** How components read the store. */

import { createContext, useContext, useEffect, useEffectEvent, useSyncExternalStore } from 'react';

import type { Event } from '../api/gen/Event';
import type { Latest } from '../api/gen/Latest';
import type { ServerId } from '../api/gen/ServerId';
import type { ServerView } from '../api/gen/ServerView';
import type { Model } from './model';
import { EngineStore, type WindowState } from './store';

/** The store of this window. */
export const StoreContext = createContext(new EngineStore());

export function useStore(): EngineStore {
  return useContext(StoreContext);
}

export function useWindowState(): WindowState {
  const store = useStore();
  return useSyncExternalStore(store.watch, store.current);
}

/** One thing out of the model; the component renders again only when that thing changed. Only inside the ready window. */
export function useModel<Selected>(select: (model: Model) => Selected): Selected {
  const store = useStore();
  return useSyncExternalStore(store.watch, () => {
    const state = store.current();
    if (state.phase !== 'ready') throw new Error('The window shows screens only once it is ready.');
    return select(state.model);
  });
}

export function useServer(id: ServerId): ServerView | undefined {
  return useModel((model) => model.servers.find(({ server }) => server.id === id));
}

export function useLatest(id: ServerId): Latest | undefined {
  return useModel((model) => model.latest.get(id));
}

/** How many snapshots there were: an effect that fetched something beside the snapshot depends on it. */
export function useSync(): number {
  const store = useStore();
  return useSyncExternalStore(store.watch, () => {
    const state = store.current();
    return state.phase === 'ready' ? state.sync : 0;
  });
}

/** Calls `receive` for every event while the component is there. */
export function useEngineEvent(receive: (event: Event) => void): void {
  const store = useStore();
  const latest = useEffectEvent(receive);
  useEffect(
    () =>
      store.onEvent((event) => {
        latest(event);
      }),
    [store],
  );
}
