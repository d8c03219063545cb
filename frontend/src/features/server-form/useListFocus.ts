import { type RefObject, useEffect, useRef } from 'react';

import { focusIsLost } from '../focus';

/**
 * Where the focus goes in a list of rows: into a row that was added, and to the button that adds one when the row that had it
 * is gone. `list` holds the rows in an `ol` of its own and that button after it.
 */
export function useListFocus(length: number): RefObject<HTMLDivElement | null> {
  const list = useRef<HTMLDivElement>(null);
  const before = useRef(length);
  useEffect(() => {
    const grew = length > before.current;
    const shrank = length < before.current;
    before.current = length;
    if (grew)
      list.current
        ?.querySelector<HTMLElement>(':scope > ol > li:last-child input:not([type="radio"]:not(:checked))')
        ?.focus();
    if (shrank && focusIsLost()) list.current?.querySelector<HTMLElement>(':scope > button')?.focus();
  }, [length]);
  return list;
}
