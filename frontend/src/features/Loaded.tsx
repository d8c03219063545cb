import { Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';

import { Note } from '../components/Note';
import type { Fetched } from './useFetched';

interface LoadedProps<Value> {
  what: string;
  fetched: Fetched<Value>;
  children: (value: Value) => ReactNode;
}

/** Loading, failed, or what was read. */
export function Loaded<Value>({ what, fetched: { value, error }, children }: LoadedProps<Value>) {
  if (error) return <Note tone="bad" urgent title={error.message} hint={error.hint} />;
  if (value === undefined) {
    return (
      <div role="status" aria-label={`Loading ${what}`} style={{ padding: '0.4rem 0.9rem 0.9rem' }}>
        <Skeleton height={12} mb={8} />
        <Skeleton height={12} width="70%" />
      </div>
    );
  }
  return <>{children(value)}</>;
}
