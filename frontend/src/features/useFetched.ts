import { useCallback, useEffect, useRef, useState } from 'react';

import { type CommandError, toCommandError } from '../api/errors';
import { useSync } from '../state/hooks';

export interface Fetched<Value> {
  /** Absent while it is being read, or where reading failed. */
  value: Value | undefined;
  error: CommandError | null;
  /** For what events add. `update` may be applied twice, and has to come to the same then. */
  change: (update: (before: Value) => Value) => void;
  /** Reads again, for what changes without an event. What is shown stays until the answer is there. */
  again: () => void;
}

/**
 * What is asked for once when a screen opens, and again after a new snapshot. `read` has to be stable. An event that comes
 * while the answer is under way may be older or newer than the answer, so it is remembered and applied to it.
 */
export function useFetched<Value>(read: () => Promise<Value>): Fetched<Value> {
  const sync = useSync();
  const [value, setValue] = useState<Value>();
  const [error, setError] = useState<CommandError | null>(null);
  const [times, setTimes] = useState(0);
  const meanwhile = useRef<((before: Value) => Value)[] | null>(null);
  useEffect(() => {
    let wanted = true;
    meanwhile.current = [];
    read().then(
      (answer) => {
        if (!wanted) return;
        const updates = meanwhile.current ?? [];
        meanwhile.current = null;
        setValue(updates.reduce((before, update) => update(before), answer));
        setError(null);
      },
      (cause: unknown) => {
        if (wanted) setError(toCommandError(cause));
      },
    );
    return () => {
      wanted = false;
    };
  }, [read, sync, times]);
  const change = (update: (before: Value) => Value) => {
    meanwhile.current?.push(update);
    setValue((before) => (before === undefined ? before : update(before)));
  };
  const again = useCallback(() => {
    setTimes((before) => before + 1);
  }, []);
  return { value, error, change, again };
}
