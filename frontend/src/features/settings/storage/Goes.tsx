import { Note } from '../../../components/Note';
import type { Preview } from './usePreview';

interface GoesProps {
  preview: Preview;
  /** What goes, in sentences. */
  sentences: readonly string[];
}

/** What would be given up, told before anything is saved. */
export function Goes({ preview: { known, error, reading }, sentences }: GoesProps) {
  return (
    <div role="status" aria-label="What goes">
      {reading && 'Looking at what would go …'}
      {error?.fields.length === 0 && <Note tone="bad" title={error.message} hint={error.hint} />}
      {known &&
        (sentences.length > 0 ? (
          <Note tone="warn" title={sentences.join(' ')} hint="What is given up cannot be brought back." />
        ) : (
          'Nothing that is there goes.'
        ))}
    </div>
  );
}
