import { execFileSync } from 'node:child_process';

import { until } from './wait.ts';

/** Types a path into the dialog of the desktop in which a file is chosen, which WebDriver cannot see, and confirms it. */
export async function saveAs(title: string, path: string): Promise<void> {
  const dialog = await until(`the dialog "${title}" is shown`, () => find(title));
  xdotool('windowfocus', '--sync', dialog);
  xdotool('key', '--clearmodifiers', 'ctrl+a');
  xdotool('type', '--clearmodifiers', '--delay', '5', path);
  xdotool('key', '--clearmodifiers', 'Return');
  await until(`the dialog "${title}" is gone`, () => find(title) === undefined);
}

/** Closes that dialog without choosing anything. */
export async function dismiss(title: string): Promise<void> {
  const dialog = await until(`the dialog "${title}" is shown`, () => find(title));
  xdotool('windowfocus', '--sync', dialog);
  xdotool('key', '--clearmodifiers', 'Escape');
  await until(`the dialog "${title}" is gone`, () => find(title) === undefined);
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
