/** Where the focus goes when what had it disappears. */

/** Whether nothing on the screen has the focus. */
export function focusIsLost(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}

/** What should have the focus again once a dialog that is opened now is closed: for an item of a menu, the menu's button. */
export function opener(): HTMLElement | null {
  const active = document.activeElement;
  const menu = active?.closest('[role="menu"]');
  const found = menu ? document.querySelector(`[aria-controls="${CSS.escape(menu.id)}"]`) : active;
  return found instanceof HTMLElement ? found : null;
}

/** Gives the focus to `element` where nothing has it, once the dialog that is being closed has left the page. */
export function giveFocusBack(element: () => HTMLElement | null | undefined): void {
  setTimeout(() => {
    if (focusIsLost()) element()?.focus({ preventScroll: true });
  });
}
