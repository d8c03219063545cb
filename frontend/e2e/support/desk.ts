import { execFileSync } from 'node:child_process';

/** A notification that the daemon of the desktop received. */
export interface Notification {
  app: string;
  summary: string;
  body: string;
}

interface History {
  data: Record<'appname' | 'summary' | 'body', { data: string }>[][];
}

/** What the notification daemon has received and put away, newest first. */
export function notifications(): Notification[] {
  // What still stands on the screen is not in the history of dunst.
  execFileSync('dunstctl', ['close-all']);
  const history = JSON.parse(execFileSync('dunstctl', ['history'], { encoding: 'utf8' })) as History;
  return history.data.flat().map((entry) => ({
    app: entry.appname.data,
    summary: entry.summary.data,
    body: entry.body.data,
  }));
}
