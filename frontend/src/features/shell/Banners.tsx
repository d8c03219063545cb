import { Note } from '../../components/Note';
import { useModel } from '../../state/hooks';
import classes from './Shell.module.css';

/** What is not usable at the moment, above every screen. */
export function Banners() {
  const troubles = useModel((model) => model.troubles);
  const heldElsewhere = useModel((model) => model.scheduleHeldElsewhere);
  if (troubles.length === 0 && !heldElsewhere) return null;
  return (
    <section className={classes.banners} aria-label="Troubles" aria-live="polite">
      {heldElsewhere && (
        <Note
          tone="info"
          title="Another Hostrounds process keeps the schedule."
          hint="This window shows the data and collects only when you ask for it. Close the other process and restart Hostrounds to take the schedule over."
        />
      )}
      {troubles.map(({ code, message, hint }) => (
        <Note key={code} tone="warn" title={message} hint={hint} />
      ))}
    </section>
  );
}
