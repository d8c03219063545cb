import type { LoginPrompt } from '../../api/gen/LoginPrompt';
import { Note } from '../../components/Note';
import { RelativeTime } from '../../components/RelativeTime';

/** In the place of an earlier failure while the server asks something: the question itself lies over every screen. */
export function WaitsPanel({ prompt: { hop, until } }: { prompt: LoginPrompt }) {
  return (
    <Note
      tone="held"
      title={
        <>
          {hop} waits for your answer; it is given up <RelativeTime at={until} coming />
        </>
      }
    />
  );
}
