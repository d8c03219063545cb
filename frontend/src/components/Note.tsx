import { AlertTriangle, CheckCircle2, Hand, Info, type LucideIcon, XCircle } from 'lucide-react';
import type { ReactNode } from 'react';

import classes from './Note.module.css';

type NoteTone = 'info' | 'good' | 'warn' | 'bad' | 'held';

const icons: Record<NoteTone, LucideIcon> = {
  info: Info,
  good: CheckCircle2,
  warn: AlertTriangle,
  bad: XCircle,
  held: Hand,
};

interface NoteProps {
  tone: NoteTone;
  title: ReactNode;
  /** What to do about it. */
  hint?: string | undefined;
  actions?: ReactNode;
  children?: ReactNode;
  /** Whether screen readers are told at once. */
  urgent?: boolean;
}

/** Something a person should know, and what to do about it. */
export function Note({ tone, title, hint, actions, children, urgent = false }: NoteProps) {
  const Icon = icons[tone];
  return (
    <div className={classes.note} data-tone={tone} role={urgent ? 'alert' : undefined}>
      <Icon size={18} aria-hidden className={classes.icon} />
      <div className={classes.text}>
        <p className={classes.title}>{title}</p>
        {hint !== undefined && hint !== '' && <p className={classes.hint}>{hint}</p>}
        {children}
      </div>
      {actions !== undefined && <div className={classes.actions}>{actions}</div>}
    </div>
  );
}
