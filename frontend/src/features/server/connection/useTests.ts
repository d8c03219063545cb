import { useCallback } from 'react';

import { engine } from '../../../api/commands';
import type { ConnectionTest } from '../../../api/gen/ConnectionTest';
import type { ServerId } from '../../../api/gen/ServerId';
import { useTestEnded } from '../../connection/testsEnded';
import { type Fetched, useFetched } from '../../useFetched';

const SHOWN = 20;

/** The latest connection tests of a server, newest first. */
export function useTests(id: ServerId): Fetched<ConnectionTest[]> {
  const fetched = useFetched(useCallback(() => engine.connectionTests(id, SHOWN), [id]));
  useTestEnded(id, fetched.again);
  return fetched;
}
