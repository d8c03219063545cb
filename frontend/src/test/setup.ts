/** What jsdom does not have, and the cleaning up after each test. */

import '@testing-library/jest-dom/vitest';

import { notifications } from '@mantine/notifications';
import { clearMocks } from '@tauri-apps/api/mocks';
import { cleanup } from '@testing-library/react';
import type uPlot from 'uplot';
import { afterEach, vi } from 'vitest';

import { CanvasFreePlot } from './plot';

Object.defineProperty(window, 'matchMedia', {
  value: (media: string) => ({
    media,
    matches: false,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
    addListener: () => undefined,
    removeListener: () => undefined,
  }),
});

// axe asks for a canvas to see icon fonts; there are none.
HTMLCanvasElement.prototype.getContext = () => null;

class NoResize {
  observe() {
    return undefined;
  }
  unobserve() {
    return undefined;
  }
  disconnect() {
    return undefined;
  }
}
Object.defineProperty(window, 'ResizeObserver', { value: NoResize });
Element.prototype.scrollIntoView = () => undefined;

// jsdom has no canvas: the chart keeps its data and draws nothing.
vi.mock('uplot', async (original) => {
  const { default: real } = await original<{ default: typeof uPlot }>();
  const join: typeof real.join = (...tables) => real.join(...tables);
  return { default: Object.assign(CanvasFreePlot, { join }) };
});

afterEach(() => {
  notifications.cleanQueue();
  notifications.clean();
  cleanup();
  clearMocks();
  CanvasFreePlot.all.length = 0;
  window.location.hash = '';
});
