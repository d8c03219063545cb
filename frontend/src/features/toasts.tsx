/** Short messages at the edge of the window. */

import { notifications } from '@mantine/notifications';
import { AlertTriangle, CheckCircle2, XCircle } from 'lucide-react';
import type { ReactNode } from 'react';

import { type CommandError, toCommandError } from '../api/errors';
import type { Alert } from '../api/gen/Alert';
import { serverHref } from '../state/route';

interface Toast {
  id?: string;
  title: string;
  message: ReactNode;
  color: string;
  icon: ReactNode;
  /** Whether screen readers are interrupted. */
  urgent: boolean;
  /** Milliseconds until it leaves by itself; false where a person has to close it. */
  autoClose: number | false;
}

const SHORT = 5_000;
const LONG = 12_000;

function show({ urgent, ...toast }: Toast): void {
  notifications.show({
    ...toast,
    role: urgent ? 'alert' : 'status',
    withBorder: true,
    closeButtonProps: { 'aria-label': 'Close notification' },
  });
}

/** What failed and what to do about it. */
export function toastError({ message, hint }: CommandError): void {
  show({
    title: message,
    message: hint,
    color: 'var(--hr-bad)',
    icon: <XCircle size={18} aria-hidden />,
    urgent: true,
    autoClose: LONG,
  });
}

export function toastDone(title: string): void {
  show({
    title,
    message: null,
    color: 'var(--hr-good)',
    icon: <CheckCircle2 size={18} aria-hidden />,
    urgent: false,
    autoClose: SHORT,
  });
}

/** An alert that fired or was resolved; the second takes the place of the first. */
export function toastAlert(alert: Alert): void {
  const firing = alert.state === 'firing';
  if (!firing) notifications.hide(`alert-${alert.id}-firing`);
  show({
    id: `alert-${alert.id}-${alert.state}`,
    title: firing ? 'Alert firing' : 'Alert resolved',
    message: (
      <>
        {alert.resolution ?? alert.message} <a href={serverHref(alert.server, alert.firedAt)}>Show server</a>
      </>
    ),
    color: firing ? 'var(--hr-bad)' : 'var(--hr-good)',
    icon: firing ? <AlertTriangle size={18} aria-hidden /> : <CheckCircle2 size={18} aria-hidden />,
    urgent: firing,
    autoClose: firing ? LONG : SHORT,
  });
}

/** Waits for `command`; where it fails a toast says why, and the answer is undefined. */
export async function attempt<Answer>(command: Promise<Answer>, done?: string): Promise<Answer | undefined> {
  try {
    const answer = await command;
    if (done !== undefined) toastDone(done);
    return answer;
  } catch (cause) {
    toastError(toCommandError(cause));
    return undefined;
  }
}
