/**
 * The one store of the window. Only `connect` writes it, and only from the snapshot and the events of the engine.
 *
 * Events begin to arrive before the snapshot does. They are kept, and applied again on top of every snapshot that was asked
 * for before they came: events carry whole things, so applying one twice is harmless and leaving one out is not.
 */

import { engine } from '../api/commands';
import { type CommandError, toCommandError } from '../api/errors';
import { listenToEngine } from '../api/events';
import type { Event } from '../api/gen/Event';
import type { Latest } from '../api/gen/Latest';
import type { ServerId } from '../api/gen/ServerId';
import { apply, fromSnapshot, type Model } from './model';

/** Where the window stands. */
export type WindowState =
  | { phase: 'loading' }
  | { phase: 'failed'; error: CommandError }
  /** `sync` counts the snapshots: whoever fetched something beside the snapshot fetches it again when it grows. */
  | { phase: 'ready'; model: Model; sync: number };

export class EngineStore {
  #state: WindowState = { phase: 'loading' };
  #watchers = new Set<() => void>();
  #receivers = new Set<(event: Event) => void>();
  /** Events since the snapshot under way was asked for; absent while none is. */
  #since: Event[] | undefined;
  #snapshots = 0;
  #wantsAnother = false;

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  readonly current = (): WindowState => this.#state;

  /** Hands `receive` every event as it arrives, after the store took it in. */
  readonly onEvent = (receive: (event: Event) => void): (() => void) => {
    this.#receivers.add(receive);
    return () => this.#receivers.delete(receive);
  };

  /** Subscribes, then fetches the snapshot. Resolves with what ends the subscription. */
  async connect(): Promise<() => void> {
    try {
      const disconnect = await listenToEngine((event) => {
        this.#receive(event);
      });
      await this.resync();
      return disconnect;
    } catch (cause) {
      this.#set({ phase: 'failed', error: toCommandError(cause) });
      return () => undefined;
    }
  }

  /** Fetches a new snapshot; one at a time, and once more when somebody asked meanwhile. */
  async resync(): Promise<void> {
    if (this.#since) {
      this.#wantsAnother = true;
      return;
    }
    do {
      this.#wantsAnother = false;
      this.#since = [];
      try {
        const snapshot = await engine.snapshot();
        this.#snapshots += 1;
        const model = this.#since.reduce(apply, fromSnapshot(snapshot));
        this.#set({ phase: 'ready', model, sync: this.#snapshots });
      } catch (cause) {
        this.#set({ phase: 'failed', error: toCommandError(cause) });
      } finally {
        this.#since = undefined;
      }
    } while (this.#needsAnother());
  }

  /** Takes in the newest values that were asked for by hand, unless an event brought newer ones meanwhile. */
  readonly offerLatest = (id: ServerId, latest: Latest): void => {
    if (this.#state.phase !== 'ready') return;
    const known = this.#state.model.latest.get(id);
    if (!known || known.at < latest.at) this.#change({ type: 'latest', id, latest });
  };

  #needsAnother(): boolean {
    return this.#wantsAnother;
  }

  #receive(event: Event): void {
    this.#since?.push(event);
    this.#change(event);
    for (const receive of this.#receivers) receive(event);
    if (event.type === 'missed') void this.resync();
  }

  #change(event: Event): void {
    if (this.#state.phase !== 'ready') return;
    const model = apply(this.#state.model, event);
    if (model !== this.#state.model) this.#set({ ...this.#state, model });
  }

  #set(state: WindowState): void {
    this.#state = state;
    for (const watcher of this.#watchers) watcher();
  }
}
