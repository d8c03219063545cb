import { useCallback } from 'react';

import { engine } from '../../api/commands';
import type { Alert } from '../../api/gen/Alert';
import type { ServerId } from '../../api/gen/ServerId';
import { useEngineEvent } from '../../state/hooks';
import { upsert } from '../../state/model';
import { type Fetched, useFetched } from '../useFetched';

/** The alerts of one server or of all, newest first, kept true by events. */
export function useAlerts(server: ServerId | null, limit: number): Fetched<Alert[]> {
  const fetched = useFetched(useCallback(() => engine.alerts(server, limit), [server, limit]));
  useEngineEvent((event) => {
    if (event.type === 'serverRemoved') {
      fetched.change((before) => before.filter((alert) => alert.server !== event.id));
    }
    if (event.type !== 'alert' || (server !== null && event.alert.server !== server)) return;
    fetched.change((before) => upsert(before, event.alert));
  });
  return fetched;
}
