/**
 * Whether a person moves by keyboard, as `data-keys` on the root. `:focus-visible` alone does not tell: a focus trap moves the
 * focus by script, and WebKit then goes by the last thing the person did, which may have been a click.
 */

const MOVES = new Set(['Tab', 'ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'Home', 'End']);

/** Keeps `data-keys` true from now on. The answer ends it. */
export function watchKeyboard(): () => void {
  const { dataset } = document.documentElement;
  const moved = ({ key }: KeyboardEvent) => {
    if (MOVES.has(key)) dataset.keys = '';
  };
  const pointed = () => {
    delete dataset.keys;
  };
  // Capturing, so that it is known before a focus trap takes the key.
  window.addEventListener('keydown', moved, { capture: true });
  window.addEventListener('pointerdown', pointed, { capture: true });
  return () => {
    window.removeEventListener('keydown', moved, { capture: true });
    window.removeEventListener('pointerdown', pointed, { capture: true });
  };
}
