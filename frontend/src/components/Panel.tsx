import { type ReactNode, useId } from 'react';

import classes from './Panel.module.css';

interface PanelProps {
  title: string;
  /** What stands at the right of the title. */
  actions?: ReactNode;
  /** Whether the content touches the edges, as tables do. */
  flush?: boolean;
  children: ReactNode;
}

/** A titled part of a screen. */
export function Panel({ title, actions, flush = false, children }: PanelProps) {
  const id = useId();
  return (
    <section className={classes.panel} aria-labelledby={id}>
      <header className={classes.head}>
        <h2 id={id} className={classes.title}>
          {title}
        </h2>
        {actions}
      </header>
      <div className={flush ? classes.flush : classes.body}>{children}</div>
    </section>
  );
}
