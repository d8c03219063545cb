/** Short messages at the edge of the window. */

import { Button, Progress } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { AlertTriangle, CheckCircle2, FileDown, XCircle } from 'lucide-react';
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

function shaped({ urgent, ...toast }: Toast) {
  return {
    ...toast,
    role: urgent ? 'alert' : 'status',
    withBorder: true,
    closeButtonProps: { 'aria-label': 'Close notification' },
  };
}

function show(toast: Toast): void {
  notifications.show(shaped(toast));
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

interface Running {
  id: string;
  title: string;
  /** From 0 to 1. */
  share: number;
  /** How far it is, in words. */
  words: string;
  onCancel: () => void;
}

/** Something that takes long and can be cancelled. Told again with the same id, it shows how far it has come. */
export function toastRunning({ id, title, share, words, onCancel }: Running, first: boolean): void {
  const toast = {
    id,
    title,
    message: (
      <>
        <Progress value={share * 100} aria-label={title} my={6} />
        {/* A screen reader asks the bar how far it is; it is not told again and again. */}
        <span aria-hidden>{words}</span>{' '}
        <Button size="compact-xs" variant="default" onClick={onCancel}>
          Cancel
        </Button>
      </>
    ),
    color: 'var(--hr-bar)',
    icon: <FileDown size={18} aria-hidden />,
    urgent: false,
    autoClose: false as const,
  };
  if (first) show(toast);
  else notifications.update(shaped(toast));
}

export function hideToast(id: string): void {
  notifications.hide(id);
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
