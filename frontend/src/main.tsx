import './locale';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './theme.css';

import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { App } from './features/shell/App';
import { StoreContext } from './state/hooks';
import { EngineStore } from './state/store';
import { theme } from './theme';

const store = new EngineStore();
void store.connect();

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root.');

createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <Notifications position="bottom-left" aria-live="polite" limit={4} />
      <StoreContext value={store}>
        <App />
      </StoreContext>
    </MantineProvider>
  </StrictMode>,
);
