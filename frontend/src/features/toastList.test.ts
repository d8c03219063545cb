import { describe, expect, it } from 'vitest';

import { type ListedToast, MOST_TOASTS, NONE_DROPPED, type ToastList, withToast } from './toastList';

function toast(says: string, over: Partial<ListedToast> = {}): ListedToast {
  return { id: says, message: null, 'data-times': 1, 'data-alert': false, 'data-urgent': true, ...over };
}

function after(...said: ListedToast[]): ToastList {
  return said.reduce<ToastList>(withToast, { toasts: [], dropped: NONE_DROPPED });
}

const says = ({ toasts }: ToastList) => toasts.map((one) => `${one.id} ${one['data-times']}`);

describe('toasts', () => {
  it('are few: the oldest go, and are counted', () => {
    const list = after(toast('a', { 'data-alert': true }), toast('b'), toast('c'), toast('d'), toast('e'));
    expect(list.toasts).toHaveLength(MOST_TOASTS);
    expect(says(list)).toEqual(['c 1', 'd 1', 'e 1']);
    expect(list.dropped).toEqual({ toasts: 2, alerts: true });
  });

  it('that only say that something went well go first', () => {
    const list = after(toast('a'), toast('saved', { 'data-urgent': false }), toast('b'), toast('c'));
    expect(says(list)).toEqual(['a 1', 'b 1', 'c 1']);
  });

  it('that say the same are one, the newest', () => {
    const list = after(toast('a'), toast('b'), toast('a'), toast('c'), toast('a'));
    expect(says(list)).toEqual(['b 1', 'c 1', 'a 3']);
    expect(list.dropped.toasts).toBe(0);
  });
});
