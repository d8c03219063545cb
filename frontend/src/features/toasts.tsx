/** Short messages at the edge of the window. */

import { Button, Progress } from '@mantine/core';
import { type NotificationData, notifications, notificationsStore } from '@mantine/notifications';
import { AlertTriangle, CheckCircle2, FileDown, XCircle } from 'lucide-react';
import type { ReactNode } from 'react';

import { type CommandError, toCommandError } from '../api/errors';
import type { Alert } from '../api/gen/Alert';
import { href, serverHref } from '../state/route';
import { type Dropped, type ListedToast, NONE_DROPPED, withToast } from './toastList';

interface Toast {
  /** Tells apart what says the same; without it title and message do. */
  says?: string;
  title: string;
  message: ReactNode;
  color: string;
  icon: ReactNode;
  /** Whether screen readers are interrupted. */
  urgent: boolean;
  /** Whether it is about an alert. */
  alert?: boolean;
  /** Milliseconds until it leaves by itself. */
  autoClose: number;
}

const SHORT = 5_000;
const LONG = 12_000;
const MORE = 'more';

const looks = { withBorder: true, closeButtonProps: { 'aria-label': 'Close notification' } };

let shown = 0;
let dropped = NONE_DROPPED;

/** A time to stay that differs a little from the one before: a toast whose time changes begins it anew. */
function fresh(time: number): number {
  return time + (shown % 2);
}

function isListed(toast: NotificationData): toast is ListedToast {
  return 'data-times' in toast;
}

/** Stands for the toasts that had to go, behind all others, and leaves after the newest. */
function more({ toasts, alerts }: Dropped): NotificationData {
  return {
    ...looks,
    id: MORE,
    priority: -1,
    role: 'status',
    title: `and ${toasts} more`,
    message: <a href={href({ screen: alerts ? 'alerts' : 'activity' })}>{alerts ? 'Show alerts' : 'Show activity'}</a>,
    color: 'var(--hr-quiet)',
    autoClose: fresh(LONG),
  };
}

function show({ says, title, message, urgent, alert = false, autoClose, ...toast }: Toast): void {
  shown += 1;
  const id = says ?? `${title} ${typeof message === 'string' ? message : ''}`;
  notifications.updateState(notificationsStore, (all) => {
    // Once a person has closed what stood for them, or it has left, they are history.
    if (all.every((one) => one.id !== MORE)) dropped = NONE_DROPPED;
    const list = withToast(
      { toasts: all.filter(isListed), dropped },
      {
        ...looks,
        ...toast,
        id,
        title,
        message,
        autoClose: fresh(autoClose),
        role: urgent ? 'alert' : 'status',
        'data-times': 1,
        'data-alert': alert,
        'data-urgent': urgent,
      },
    );
    dropped = list.dropped;
    const named = list.toasts.map((one) => {
      const times = one['data-times'];
      return one.id === id && times > 1 ? { ...one, title: `${title} (${times} times)` } : one;
    });
    // What runs and can be cancelled stays, however much there is to say besides.
    const running = all.filter((one) => !isListed(one) && one.id !== MORE);
    return [...running, ...named, ...(dropped.toasts > 0 ? [more(dropped)] : [])];
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
  if (!firing) notifications.hide(`alert ${alert.id} firing`);
  show({
    says: `alert ${alert.id} ${alert.state}`,
    alert: true,
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
    ...looks,
    id,
    role: 'status',
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
    autoClose: false,
  };
  if (first) notifications.show(toast);
  else notifications.update(toast);
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
