import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** The processes that descend from this one, by their parents in /proc; a child that made a session of its own is among them. */
export function descendants(of: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      // The name of the program stands in parentheses and may hold anything; the parent is the second field after it.
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It ended while the list was read.
    }
  }
  const found: number[] = [];
  const follow = (parent: number) => {
    for (const [pid, its] of parents) {
      if (its !== parent) continue;
      found.push(pid);
      follow(pid);
    }
  };
  follow(of);
  return found;
}

/** Ends a process that was started here, with all that it started, and waits until it is gone. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => { resolve(); }));
  const started = descendants(child.pid);
  child.kill(signal);
  for (const pid of started) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended by itself.
    }
  }
  await gone;
}
