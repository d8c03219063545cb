import type { ReactNode } from 'react';

import type { Failure } from '../../api/gen/Failure';
import { CopyBlock } from '../../components/CopyBlock';
import { Note } from '../../components/Note';
import { stageWord } from '../../format/words';

interface FailureNoteProps {
  failure: Failure;
  tone?: 'warn' | 'bad';
  actions?: ReactNode;
}

/** Where a connection failed, why, what to do about it, and what can be copied for that. */
export function FailureNote({ failure, tone = 'bad', actions }: FailureNoteProps) {
  const { stage, hop, message, hint } = failure;
  const where = hop === null ? stageWord[stage] : `${stageWord[stage]} at the jump host ${hop}`;
  return (
    <Note tone={tone} title={`${where}: ${message}`} hint={hint} actions={actions}>
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
