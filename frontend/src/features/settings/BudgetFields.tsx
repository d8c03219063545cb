import { Button } from '@mantine/core';
import { useState } from 'react';

import type { Budget } from '../../api/gen/Budget';
import { type Bounds, NumberField, numberIn } from '../../components/NumberField';
import { count } from '../../format/units';
import { useModel } from '../../state/hooks';
import classes from './Settings.module.css';
import { useSaved } from './useSaved';

const MEBIBYTE = 1_048_576;

const limits = ['logins', 'bytes', 'cpu'] as const;
type Limit = (typeof limits)[number];

const word: Record<Limit, { label: string; unit?: string; scale: number; whole: boolean }> = {
  logins: { label: 'Logins a day', scale: 1, whole: true },
  bytes: { label: 'Transferred a day', unit: 'MiB', scale: MEBIBYTE, whole: false },
  cpu: { label: 'CPU of the server a day', unit: 'seconds', scale: 1, whole: false },
};

/** A limit that is in force, as its field shows it. */
function shown(budget: Budget, limit: Limit): string {
  const value = budget[limit];
  return value === null ? '' : String(Number((value / word[limit].scale).toFixed(2)));
}

/** What a server may be made to spend in a day, within the bounds of the engine. */
export function BudgetFields({ current }: { current: Budget }) {
  const settings = useModel((model) => model.settings);
  const most = useModel((model) => model.bounds.mostBudget);
  const { refused, save, forget } = useSaved();
  const [texts, setTexts] = useState(() => ({
    logins: shown(current, 'logins'),
    bytes: shown(current, 'bytes'),
    cpu: shown(current, 'cpu'),
  }));

  const bounds = (limit: Limit): Bounds => ({
    least: 0,
    most: (most[limit] ?? Infinity) / word[limit].scale,
    whole: word[limit].whole,
    optional: true,
  });
  const value = (limit: Limit): number | null | undefined => {
    // A field that was not touched stands for what is in force, to the last byte.
    if (texts[limit] === shown(current, limit)) return current[limit];
    const number = numberIn(texts[limit], bounds(limit));
    return typeof number === 'number' ? Math.round(number * word[limit].scale * 1_000) / 1_000 : number;
  };
  const error = (limit: Limit) => {
    if (value(limit) !== undefined) return refused[`budget.${limit}`];
    const { whole, unit } = word[limit];
    const range = `from 0 to ${count(bounds(limit).most)}${unit === undefined ? '' : ` ${unit}`}`;
    return `A ${whole ? 'whole number' : 'number'} ${range}. Empty: no limit.`;
  };

  const [logins, bytes, cpu] = limits.map(value);
  const budget =
    logins === undefined || bytes === undefined || cpu === undefined
      ? null
      : { logins, bytes: bytes === null ? null : Math.round(bytes), cpu };
  const changed = budget !== null && JSON.stringify(budget) !== JSON.stringify(current);
  return (
    <form
      className={classes.budget}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (budget && changed) void save({ ...settings, budget });
      }}
    >
      <p className={classes.about}>
        A server on which watching costs more than this in a day is pointed out; nothing is stopped. An empty field sets
        no limit.
      </p>
      {limits.map((limit) => (
        <NumberField
          key={limit}
          label={word[limit].label}
          unit={word[limit].unit}
          text={texts[limit]}
          error={error(limit)}
          onChange={(text) => {
            forget();
            setTexts((before) => ({ ...before, [limit]: text }));
          }}
        />
      ))}
      <Button type="submit" disabled={!changed}>
        Save budget
      </Button>
    </form>
  );
}
