import { execFileSync } from 'node:child_process';

import { until } from './wait.ts';

/** Types a path into the dialog of the desktop in which a file is chosen, which WebDriver cannot see, and confirms it. */
export async function chooseFile(title: string, path: string): Promise<void> {
  const dialog = await until(`the dialog "${title}" is shown`, () => find(title));
  xdotool('windowfocus', '--sync', dialog);
  // Opens the field for a path where there is none, and replaces what stands in it where there is one.
  xdotool('key', '--clearmodifiers', 'ctrl+l');
  xdotool('key', '--clearmodifiers', 'ctrl+a');
  xdotool('type', '--clearmodifiers', '--delay', '5', path);
  xdotool('key', '--clearmodifiers', 'Return');
  // Where the desktop proposes how the path may go on, the first Return only closes the proposals.
  const gone = () => find(title) === undefined;
  if (!(await settles(gone))) xdotool('key', '--clearmodifiers', 'Return');
  await until(`the dialog "${title}" is gone`, gone);
}

/** Closes that dialog without choosing anything. */
export async function dismiss(title: string): Promise<void> {
  const dialog = await until(`the dialog "${title}" is shown`, () => find(title));
  xdotool('windowfocus', '--sync', dialog);
  xdotool('key', '--clearmodifiers', 'Escape');
  await until(`the dialog "${title}" is gone`, () => find(title) === undefined);
}

/** Whether it becomes so within two seconds. */
async function settles(is: () => boolean): Promise<boolean> {
  try {
    await until('', is, 2_000);
    return true;
  } catch {
    return false;
  }
}

function find(title: string): string | undefined {
  try {
    return xdotool('search', '--onlyvisible', '--name', `^${title}$`).split('\n')[0];
  } catch {
    return undefined;
  }
}

function xdotool(...words: string[]): string {
  return execFileSync('xdotool', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

}
