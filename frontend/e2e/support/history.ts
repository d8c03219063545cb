import type { Browser } from 'webdriverio';

interface Tauri {
  __TAURI_INTERNALS__: { invoke: (command: string, args: object) => Promise<{ buckets: { count: number }[] }[]> };
}

/** How many values of the memory of a server the engine has kept up to a moment, asked as a chart asks. */
export async function valuesKeptUpTo(window: Browser, server: number, to: number): Promise<number> {
  const query = { server, metric: 'system.memory.utilization', attributes: {}, from: 0, to, maxPoints: 1_000 };
  const counts = await window.executeAsync((asked, done: (counts: number[]) => void) => {
    void (globalThis as unknown as Tauri).__TAURI_INTERNALS__
      .invoke('history', { query: asked })
      .then((series) => { done(series.flatMap(({ buckets }) => buckets.map(({ count }) => count))); }, () => { done([]); });
  }, query);
  return counts.reduce((sum, count) => sum + count, 0);
}
