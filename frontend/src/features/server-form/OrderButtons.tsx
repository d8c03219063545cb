import { ActionIcon } from '@mantine/core';
import { ArrowDown, ArrowUp, X } from 'lucide-react';
import { useEffect, useRef } from 'react';

import classes from './ServerForm.module.css';

interface OrderButtonsProps {
  /** What is moved, such as `jump host 2`. */
  what: string;
  index: number;
  length: number;
  onMove: (to: number) => void;
  onRemove: () => void;
}

/** Moves one row of a list or takes it out, by mouse and by keyboard. */
export function OrderButtons({ what, index, length, onMove, onRemove }: OrderButtonsProps) {
  const row = useRef<HTMLDivElement>(null);
  const moved = useRef<'up' | 'down' | null>(null);

  // A row that is moved in the page loses the focus; at the end of the list only the other button can have it.
  useEffect(() => {
    if (moved.current === null) return;
    const wanted = index === 0 ? 'down' : index === length - 1 ? 'up' : moved.current;
    moved.current = null;
    row.current?.querySelector<HTMLElement>(`[data-move="${wanted}"]`)?.focus();
  }, [index, length]);

  const move = (way: 'up' | 'down') => {
    moved.current = way;
    onMove(way === 'up' ? index - 1 : index + 1);
  };

  return (
    <div className={classes.order} ref={row}>
      {length > 1 && (
        <>
          <ActionIcon
            size="sm"
            variant="subtle"
            color="gray"
            data-move="up"
            aria-label={`Move ${what} up`}
            disabled={index === 0}
            onClick={() => {
              move('up');
            }}
          >
            <ArrowUp size={14} aria-hidden />
          </ActionIcon>
          <ActionIcon
            size="sm"
            variant="subtle"
            color="gray"
            data-move="down"
            aria-label={`Move ${what} down`}
            disabled={index === length - 1}
            onClick={() => {
              move('down');
            }}
          >
            <ArrowDown size={14} aria-hidden />
          </ActionIcon>
        </>
      )}
      <ActionIcon size="sm" variant="subtle" color="gray" aria-label={`Remove ${what}`} onClick={onRemove}>
        <X size={14} aria-hidden />
      </ActionIcon>
    </div>
  );
}
