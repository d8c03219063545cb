import { type ReactNode, useEffect, useRef } from 'react';

import classes from './Page.module.css';

interface PageProps {
  title: ReactNode;
  /** What stands beside the title. */
  beside?: ReactNode;
  /** Buttons at the right. */
  actions?: ReactNode;
  /** A line below the title. */
  below?: ReactNode;
  children: ReactNode;
}

/** A screen: its heading takes the focus when it is opened, so that the keyboard and screen readers start there. */
export function Page({ title, beside, actions, below, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <div className={classes.titles}>
          <h1 className={classes.title} ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {beside}
        </div>
        <div className={classes.actions}>{actions}</div>
        {below !== undefined && <div className={classes.below}>{below}</div>}
      </div>
      {children}
    </div>
  );
}
