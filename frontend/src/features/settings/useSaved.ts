import { useState } from 'react';

import { engine } from '../../api/commands';
import { toCommandError } from '../../api/errors';
import type { Settings } from '../../api/gen/Settings';
import { toastDone, toastError } from '../toasts';

export interface Saving {
  /** What the engine has refused, by field. */
  refused: Readonly<Record<string, string>>;
  save: (settings: Settings) => Promise<void>;
  /** Something was changed since: what was refused is not there any more. */
  forget: () => void;
}

/** Saves settings; what the engine refuses is told at its field, and what has none as a toast. */
export function useSaved(): Saving {
  const [refused, setRefused] = useState<Record<string, string>>({});
  const save = async (settings: Settings) => {
    try {
      await engine.setSettings(settings);
      toastDone('Settings saved');
    } catch (cause) {
      const error = toCommandError(cause);
      if (error.fields.length === 0) toastError(error);
      setRefused(Object.fromEntries(error.fields.map(({ field, message }) => [field, message])));
    }
  };
  return {
    refused,
    save,
    forget: () => {
      setRefused({});
    },
  };
}
