import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Asks again and again until the answer is something, and says what was waited for when it never is. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  within = 30_000,
): Promise<T> {
  const end = Date.now() + within;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`Waited ${String(within / 1000)} s in vain: ${what}`);
    await pause(100);
  }
}

/** Whether somebody listens on this port of loopback. */
export async function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => { resolve(false); });
  });
}
