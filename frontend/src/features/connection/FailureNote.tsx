import type { ReactNode } from 'react';

import type { Failure } from '../../api/gen/Failure';
import { CopyBlock } from '../../components/CopyBlock';
import { Note } from '../../components/Note';
import { failureTitle } from '../../format/words';

interface FailureNoteProps {
  failure: Failure;
  tone?: 'warn' | 'bad';
  actions?: ReactNode;
}

/** Where a connection failed, why, what to do about it, and what can be copied for that. */
export function FailureNote({ failure, tone = 'bad', actions }: FailureNoteProps) {
  return (
    <Note tone={tone} title={failureTitle(failure)} hint={failure.hint} actions={actions}>
      <Remedy failure={failure} />
    </Note>
  );
}

export function Remedy({ failure: { remedy } }: { failure: Failure }) {
  if (remedy === null) return null;
  return (
    <div style={{ marginTop: '0.5rem' }}>
      <CopyBlock label="The remedy" text={remedy} />
    </div>
  );
}
