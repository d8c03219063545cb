import './locale';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './theme.css';

import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { App } from './features/shell/App';
import { MOST_TOASTS } from './features/toastList';
import { watchKeyboard } from './keyboard';
import { StoreContext } from './state/hooks';
import { EngineStore } from './state/store';
import { theme } from './theme';

watchKeyboard();

const store = new EngineStore();
void store.connect();

/** Mantine's dialogs begin at 200. A toast must not lie over the buttons of one, nor count as a click beside it. */
const BELOW_DIALOGS = 150;

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root.');

createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <Notifications position="bottom-left" aria-live="polite" limit={MOST_TOASTS + 1} zIndex={BELOW_DIALOGS} />
      <StoreContext value={store}>
        <App />
      </StoreContext>
    </MantineProvider>
  </StrictMode>,
);
