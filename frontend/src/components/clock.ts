/** One clock for every relative time in the window. It ticks only while somebody can see one. */

import { useSyncExternalStore } from 'react';

const TICK = 1_000;

let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const watchers = new Set<() => void>();

function tick(): void {
  now = Date.now();
  for (const watcher of watchers) watcher();
}

function runOrRest(): void {
  const wanted = watchers.size > 0 && document.visibilityState === 'visible';
  if (wanted && timer === undefined) {
    tick();
    timer = setInterval(tick, TICK);
  } else if (!wanted && timer !== undefined) {
    clearInterval(timer);
    timer = undefined;
  }
}

function watch(watcher: () => void): () => void {
  if (watchers.size === 0) document.addEventListener('visibilitychange', runOrRest);
  watchers.add(watcher);
  runOrRest();
  return () => {
    watchers.delete(watcher);
    runOrRest();
    if (watchers.size === 0) document.removeEventListener('visibilitychange', runOrRest);
  };
}

/** The time of this computer in milliseconds, once a second. */
export function useNow(): number {
  return useSyncExternalStore(watch, () => now);
}
