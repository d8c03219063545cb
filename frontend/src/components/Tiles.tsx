import { AlertTriangle } from 'lucide-react';
import type { ReactNode } from 'react';

import classes from './Tiles.module.css';

/** Numbers side by side. */
export function Tiles({ label, children }: { label: string; children: ReactNode }) {
  return (
    <dl className={classes.tiles} aria-label={label}>
      {children}
    </dl>
  );
}

interface TileProps {
  name: string;
  value: ReactNode;
  /** A line below the number. */
  note?: ReactNode;
  tone?: 'warn' | 'bad' | undefined;
  faded?: boolean;
}

export function Tile({ name, value, note, tone, faded = false }: TileProps) {
  return (
    <div className={classes.tile} data-tone={tone} data-faded={faded}>
      <dt>{name}</dt>
      <dd>
        <span className={classes.value}>
          {value}
          {tone !== undefined && <AlertTriangle size={15} aria-hidden />}
        </span>
        {note !== undefined && <span className={classes.note}>{note}</span>}
      </dd>
    </div>
  );
}
