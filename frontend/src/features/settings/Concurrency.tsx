import { Button } from '@mantine/core';
import { useState } from 'react';

import { NumberField, numberIn } from '../../components/NumberField';
import { useModel } from '../../state/hooks';
import classes from './Settings.module.css';
import { useSaved } from './useSaved';

/** How many collections run at a time, within the bounds of the engine. */
export function Concurrency({ current }: { current: number }) {
  const settings = useModel((model) => model.settings);
  const { leastConcurrency: least, mostConcurrency: most } = useModel((model) => model.bounds);
  const { refused, save, forget } = useSaved();
  const [text, setText] = useState(String(current));
  const number = numberIn(text, { least, most, whole: true });
  const valid = typeof number === 'number';
  return (
    <form
      className={classes.line}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (valid && number !== current) void save({ ...settings, concurrency: number });
      }}
    >
      <NumberField
        label="Collections at a time"
        description={`${least} to ${most}. More finish sooner and load this computer more.`}
        text={text}
        error={valid ? refused.concurrency : `A whole number from ${least} to ${most}.`}
        onChange={(typed) => {
          forget();
          setText(typed);
        }}
      />
      <Button type="submit" disabled={!valid || number === current}>
        Save
      </Button>
    </form>
  );
}
