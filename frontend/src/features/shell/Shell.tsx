import { useCallback, useMemo, useRef, useState } from 'react';

import { useEngineEvent } from '../../state/hooks';
import { go, parseRoute, type Route, useHash } from '../../state/route';
import { ActivityScreen } from '../activity/ActivityScreen';
import { AlertsScreen } from '../alerts/AlertsScreen';
import { followExport } from '../export/exports';
import { giveFocusBack, opener } from '../focus';
import { DialogContext, type OpenDialog } from '../dialogs';
import { OverviewScreen } from '../overview/OverviewScreen';
import { QueueScreen } from '../queue/QueueScreen';
import { ReportsScreen } from '../reports/ReportsScreen';
import { ServerScreen } from '../server/ServerScreen';
import { SettingsScreen } from '../settings/SettingsScreen';
import { toastAlert } from '../toasts';
import { Banners } from './Banners';
import { Dialogs } from './Dialogs';
import { Navigation } from './Navigation';
import { Prompts } from './PromptDialog';
import classes from './Shell.module.css';

function Screen({ route }: { route: Route }) {
  switch (route.screen) {
    case 'overview':
      return <OverviewScreen />;
    case 'server':
      return <ServerScreen key={route.id} id={route.id} at={route.at} part={route.part} />;
    case 'alerts':
      return <AlertsScreen />;
    case 'queue':
      return <QueueScreen />;
    case 'activity':
      return <ActivityScreen />;
    case 'reports':
      return <ReportsScreen />;
    case 'settings':
      return <SettingsScreen />;
  }
}

/** The window once it knows something: navigation at the left, one screen beside it. */
export function Shell() {
  const hash = useHash();
  const route = useMemo(() => parseRoute(hash), [hash]);
  const [dialog, setDialog] = useState<OpenDialog | null>(null);
  const main = useRef<HTMLElement>(null);
  const opened = useRef<HTMLElement | null>(null);

  const openDialog = useCallback((asked: OpenDialog) => {
    opened.current = opener();
    setDialog(asked);
  }, []);

  const giveBack = () => {
    giveFocusBack(() => (opened.current?.isConnected === true ? opened.current : main.current?.querySelector('h1')));
  };

  useEngineEvent((event) => {
    followExport(event);
    if (event.type === 'alert') toastAlert(event.alert);
    if (event.type === 'showServer') go({ screen: 'server', id: event.id, at: event.at, part: 'metrics' });
    // The row that was used to remove the server is gone, and the focus with it.
    if (event.type === 'serverRemoved' && dialog === null) giveBack();
  });

  return (
    <DialogContext value={openDialog}>
      <button
        type="button"
        className={classes.skip}
        onClick={() => {
          main.current?.focus();
        }}
      >
        Skip to content
      </button>
      <div className={classes.shell}>
        <Navigation route={route} />
        <main className={classes.main} ref={main} tabIndex={-1}>
          <Banners route={route} />
          <Screen route={route} />
        </main>
      </div>
      <Dialogs
        open={dialog}
        onClose={() => {
          setDialog(null);
          giveBack();
        }}
      />
      <Prompts />
    </DialogContext>
  );
}
