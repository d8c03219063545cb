import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { act, render } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import { expect } from 'vitest';

import { App } from '../features/shell/App';
import { StoreContext } from '../state/hooks';
import { EngineStore } from '../state/store';
import { theme } from '../theme';
import { type Answers, startEngine } from './engine';

/** The whole window over an engine that answers as told, at the screen that `hash` names. */
export async function openWindow(answers: Answers = {}, hash = '') {
  window.location.hash = hash;
  const engine = startEngine(answers);
  const store = new EngineStore();
  render(
    <MantineProvider theme={theme} env="test">
      <Notifications />
      <StoreContext value={store}>
        <App />
      </StoreContext>
    </MantineProvider>,
  );
  await act(() => store.connect());
  return { engine, store, user: userEvent.setup() };
}

/** Fails with everything that axe finds. Contrast needs a real browser. */
export async function expectAccessible(): Promise<void> {
  const { violations } = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false } } });
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join('\n')}`)).toEqual([]);
}
