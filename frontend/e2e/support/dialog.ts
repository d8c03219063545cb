import { execFileSync } from 'node:child_process';

import { until } from './wait.ts';

/** Types a path into the native dialog of that title, which WebDriver does not see. */
export async function chooseFile(title: string, path: string): Promise<void> {
  const find = () => {
    try {
      return execFileSync('xdotool', ['search', '--onlyvisible', '--name', `^${title}$`], { encoding: 'utf8' }).trim();
    } catch {
      return '';
    }
  };
  await until(`the dialog "${title}" opens`, () => find() !== '');
  const id = find().split('\n')[0] ?? '';
  const xdotool = (...args: string[]) => execFileSync('xdotool', args);
  // There is no window manager that would give it the focus.
  xdotool('windowfocus', '--sync', id);
  // Opens the field for a path where there is none, and replaces what stands in it where there is one.
  xdotool('key', '--clearmodifiers', 'ctrl+l');
  xdotool('key', '--clearmodifiers', 'ctrl+a');
  xdotool('type', '--delay', '5', path);
  xdotool('key', 'Return');
  await until(`the dialog "${title}" closes`, () => find() === '');
}
