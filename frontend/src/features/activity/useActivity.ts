import { useCallback, useState } from 'react';

import { engine } from '../../api/commands';
import type { Activity } from '../../api/gen/Activity';
import type { ServerId } from '../../api/gen/ServerId';
import { useEngineEvent } from '../../state/hooks';
import { upsert } from '../../state/model';
import { attempt } from '../toasts';
import { type Fetched, useFetched } from '../useFetched';

export interface ActivityLog extends Fetched<Activity[]> {
  /** Whether there may be older entries than those shown. */
  more: boolean;
  loadOlder: () => Promise<void>;
}

function newestFirst(entries: Activity[]): Activity[] {
  return entries.sort((a, b) => b.id - a.id);
}

/** The activity log of one server or of all, a page at a time, kept true by events. */
export function useActivity(server: ServerId | null, page: number): ActivityLog {
  const [ended, setEnded] = useState(false);
  const fetched = useFetched(useCallback(() => engine.activity({ server, before: null, limit: page }), [server, page]));
  useEngineEvent((event) => {
    if (event.type !== 'activity' || (server !== null && event.entry.server !== server)) return;
    fetched.change((before) => newestFirst(upsert(before, event.entry)));
  });
  const loadOlder = async () => {
    const before = fetched.value?.at(-1)?.id;
    if (before === undefined) return;
    const older = await attempt(engine.activity({ server, before, limit: page }));
    if (!older) return;
    if (older.length < page) setEnded(true);
    fetched.change((known) => newestFirst(older.reduce(upsert<Activity>, known)));
  };
  return { ...fetched, more: !ended && (fetched.value?.length ?? 0) >= page, loadOlder };
}
