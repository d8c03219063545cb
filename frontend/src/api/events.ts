/** What the engine tells. The only code that calls `listen`. */

import { listen } from '@tauri-apps/api/event';

import type { Event } from './gen/Event';

/** The one name under which every event of the engine arrives. */
export const EVENT_NAME = 'hostrounds';

/** Hands every event to `receive` until the answer is called. Resolves once nothing can be missed any more. */
export function listenToEngine(receive: (event: Event) => void): Promise<() => void> {
  return listen<Event>(EVENT_NAME, ({ payload }) => {
    receive(payload);
  });
}
