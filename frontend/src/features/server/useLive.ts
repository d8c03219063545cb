import { useEffect } from 'react';

import { engine } from '../../api/commands';
import type { ServerId } from '../../api/gen/ServerId';

/**
 * Asks for the fast rhythm while this server is looked at: its page is open and the window can be seen. A refusal is not
 * worth a message, for the usual rhythm goes on.
 */
export function useLive(id: ServerId): void {
  useEffect(() => {
    const tell = (live: boolean) => {
      engine.setLive(id, live).catch(() => undefined);
    };
    const seen = () => document.visibilityState === 'visible';
    const follow = () => {
      tell(seen());
    };
    if (seen()) tell(true);
    document.addEventListener('visibilitychange', follow);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      tell(false);
    };
  }, [id]);
}
