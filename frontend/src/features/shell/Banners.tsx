import { Button } from '@mantine/core';

import { engine } from '../../api/commands';
import { Note } from '../../components/Note';
import { useModel } from '../../state/hooks';
import type { Route } from '../../state/route';
import { attempt } from '../toasts';
import classes from './Shell.module.css';

/** What is not usable at the moment, above every screen. */
export function Banners({ route }: { route: Route }) {
  const troubles = useModel((model) => model.troubles);
  const heldElsewhere = useModel((model) => model.scheduleHeldElsewhere);
  // The queue says it itself, beside its own button.
  const paused = useModel((model) => model.queue.paused) && route.screen !== 'queue';
  if (troubles.length === 0 && !heldElsewhere && !paused) return null;
  return (
    <section className={classes.banners} aria-label="Troubles" aria-live="polite">
      {heldElsewhere && (
        <Note
          tone="info"
          title="Another Hostrounds process keeps the schedule."
          hint="This window shows the data and collects only when you ask for it. Close the other process and restart Hostrounds to take the schedule over."
        />
      )}
      {paused && (
        <Note
          tone="warn"
          title="The schedule is paused."
          hint="Only collections that you ask for run until you resume it."
          actions={
            <Button variant="default" onClick={() => void attempt(engine.resume())}>
              Resume
            </Button>
          }
        />
      )}
      {troubles.map(({ code, message, hint }) => (
        <Note key={code} tone="warn" title={message} hint={hint} />
      ))}
    </section>
  );
}
