import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';

import { watchKeyboard } from './keyboard';

it('tells moving by keyboard from pointing', async () => {
  const stop = watchKeyboard();
  const user = userEvent.setup();
  const root = document.documentElement;
  await user.keyboard('a');
  expect(root).not.toHaveAttribute('data-keys');
  await user.keyboard('{Tab}');
  expect(root).toHaveAttribute('data-keys');
  await user.pointer({ keys: '[MouseLeft]', target: document.body });
  expect(root).not.toHaveAttribute('data-keys');
  stop();
  await user.keyboard('{Tab}');
  expect(root).not.toHaveAttribute('data-keys');
});
