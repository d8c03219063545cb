import { UnstyledButton } from '@mantine/core';
import { ChevronRight } from 'lucide-react';
import { type ReactNode, useId, useState } from 'react';

import classes from './Disclosure.module.css';

interface DisclosureProps {
  label: ReactNode;
  /** What stands at the right of the label while it is closed or open. */
  beside?: ReactNode;
  /** Whether it is open to begin with. */
  open?: boolean;
  /** Whether it has to be open now, because something in it is wrong. */
  forced?: boolean;
  children: ReactNode;
}

/** What most people never need, one press away. */
export function Disclosure({ label, beside, open = false, forced = false, children }: DisclosureProps) {
  const id = useId();
  const [opened, setOpened] = useState(open);
  const shown = opened || forced;
  return (
    <div>
      <UnstyledButton
        className={classes.button}
        aria-expanded={shown}
        aria-controls={id}
        onClick={() => {
          setOpened(!shown);
        }}
      >
        <ChevronRight size={14} aria-hidden className={classes.arrow} />
        <span className={classes.label}>{label}</span>
        {beside !== undefined && <span className={classes.beside}>{beside}</span>}
      </UnstyledButton>
      <div id={id} className={classes.content} hidden={!shown}>
        {shown && children}
      </div>
    </div>
  );
}
