import { Button } from '@mantine/core';
import { Check, Copy } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';

import classes from './CopyBlock.module.css';

/** How long the button says that it was done. */
const SAID_FOR = 2_000;

interface CopyBlockProps {
  /** What it is, for screen readers: `Copy the remedy`. */
  label: string;
  text: string;
  /** Whether it is long, and scrolls in a box of its own. */
  tall?: boolean;
}

/** Text to be taken elsewhere as it stands: a command, or lines for a file. */
export function CopyBlock({ label, text, tall = false }: CopyBlockProps) {
  const block = useRef<HTMLPreElement>(null);
  const [done, setDone] = useState<'copied' | 'selected' | null>(null);

  useEffect(() => {
    if (done === null) return;
    const timer = setTimeout(() => {
      setDone(null);
    }, SAID_FOR);
    return () => {
      clearTimeout(timer);
    };
  }, [done]);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setDone('copied');
    } catch {
      // A desktop may refuse its clipboard; then the keyboard can still take what is selected.
      if (block.current) getSelection()?.selectAllChildren(block.current);
      setDone('selected');
    }
  };

  const word = { copied: 'Copied', selected: 'Selected: press Ctrl C' };
  return (
    <div className={classes.frame}>
      {/* It scrolls, so the keyboard has to reach it. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre ref={block} className={classes.text} data-tall={tall} tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
      <Button
        size="compact-xs"
        variant="default"
        className={classes.button}
        leftSection={done === 'copied' ? <Check size={12} aria-hidden /> : <Copy size={12} aria-hidden />}
        aria-label={done === null ? `Copy ${label.toLowerCase()}` : undefined}
        onClick={() => void copy()}
      >
        {done === null ? 'Copy' : word[done]}
      </Button>
      <span role="status" className={classes.said}>
        {done === null ? '' : word[done]}
      </span>
    </div>
  );
}
