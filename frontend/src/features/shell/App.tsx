import { Button, Loader } from '@mantine/core';

import { Note } from '../../components/Note';
import { useStore, useWindowState } from '../../state/hooks';
import { DamagedScreen } from '../backup/DamagedScreen';
import { Shell } from './Shell';
import classes from './Shell.module.css';

/** Loading, failed, or the window. */
export function App() {
  const state = useWindowState();
  const store = useStore();
  switch (state.phase) {
    case 'loading':
      return (
        <main className={classes.whole}>
          <div role="status">
            <Loader size="sm" aria-hidden /> Loading…
          </div>
        </main>
      );
    case 'failed':
      return (
        <main className={classes.whole}>
          {state.error.code === 'store_damaged' ? (
            <DamagedScreen error={state.error} />
          ) : (
            <Note
              tone="bad"
              urgent
              title={state.error.message}
              hint={state.error.hint}
              actions={<Button onClick={() => void store.resync()}>Try again</Button>}
            />
          )}
        </main>
      );
    case 'ready':
      return <Shell />;
  }
}
