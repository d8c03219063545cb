/** Which toasts lie over the window: few, the newest, and each once. Pure, so that it can be tested without a clock. */

import type { NotificationData } from '@mantine/notifications';

/** A toast as it is shown. */
export interface ListedToast extends NotificationData {
  /** What it says: the same thing said again takes the place of what was said before. */
  id: string;
  /** How often it was said. */
  'data-times': number;
  /** Whether it leads to the alerts. */
  'data-alert': boolean;
  /** Whether a person has to do something about it. */
  'data-urgent': boolean;
}

/** What is said by the one toast that stands for those that had to go. */
export interface Dropped {
  toasts: number;
  /** Whether an alert was among them. */
  alerts: boolean;
}

export interface ToastList {
  /** Oldest first. */
  toasts: readonly ListedToast[];
  dropped: Dropped;
}

/** More than these cover what a person is working on. */
export const MOST_TOASTS = 3;

export const NONE_DROPPED: Dropped = { toasts: 0, alerts: false };

/** The list with one more. Of too many, the oldest go, and those first that only say that something went well. */
export function withToast({ toasts, dropped }: ToastList, toast: ListedToast): ToastList {
  const before = toasts.find((one) => one.id === toast.id);
  const times = (before?.['data-times'] ?? 0) + 1;
  const others = toasts.filter((one) => one !== before);
  const room = MOST_TOASTS - 1;
  const excess = others.length - room;
  const newest: ListedToast = { ...toast, 'data-times': times };
  if (excess <= 0) return { toasts: [...others, newest], dropped };
  const byWeight = others.toSorted((a, b) => Number(a['data-urgent']) - Number(b['data-urgent']));
  const gone = byWeight.slice(0, excess);
  return {
    toasts: [...others.filter((one) => !gone.includes(one)), newest],
    dropped: { toasts: dropped.toasts + gone.length, alerts: dropped.alerts || gone.some((one) => one['data-alert']) },
  };
}
