import { useEffect, useState } from 'react';

import { engine, type KeepException } from '../../../api/commands';
import { type CommandError, toCommandError } from '../../../api/errors';
import type { Retention } from '../../../api/gen/Retention';
import type { RetentionPreview } from '../../../api/gen/RetentionPreview';

/** How long nothing has to be typed before the engine is asked, in milliseconds. */
const REST = 300;

export interface Preview {
  /** What would go with exactly what was asked for; absent until that is known. */
  known: RetentionPreview | undefined;
  /** Why it cannot be kept so, or cannot be told. */
  error: CommandError | undefined;
  /** Whether the engine is asked. */
  reading: boolean;
}

interface Answer {
  to: string;
  known?: RetentionPreview;
  error?: CommandError;
}

/** What would be given up if that were kept; null where nothing is asked. */
export function usePreview(retention: Retention | null, exception: KeepException | null): Preview {
  const [answer, setAnswer] = useState<Answer | null>(null);
  const wanted = retention === null ? null : JSON.stringify([retention, exception]);
  useEffect(() => {
    if (wanted === null) return;
    let waited = true;
    const [kept, but] = JSON.parse(wanted) as [Retention, KeepException | null];
    const timer = setTimeout(() => {
      engine.previewRetention(kept, but).then(
        (known) => {
          if (waited) setAnswer({ to: wanted, known });
        },
        (cause: unknown) => {
          if (waited) setAnswer({ to: wanted, error: toCommandError(cause) });
        },
      );
    }, REST);
    return () => {
      waited = false;
      clearTimeout(timer);
    };
  }, [wanted]);
  const fits = wanted !== null && answer?.to === wanted ? answer : null;
  return { known: fits?.known, error: fits?.error, reading: wanted !== null && fits === null };
}

/** What the engine says about one field. */
export function refusalOf({ error }: Preview, field: string): string | undefined {
  return error?.fields.find((it) => it.field === field)?.message;
}
