import { Button } from '@mantine/core';
import { useState } from 'react';

import { engine } from '../../../api/commands';
import type { Retention } from '../../../api/gen/Retention';
import { NumberField } from '../../../components/NumberField';
import { useModel } from '../../../state/hooks';
import { attempt } from '../../toasts';
import { Goes } from './Goes';
import { daysIn, daysText, daysWords, givenUp, sizeIn, sizeText } from './limits';
import classes from './Storage.module.css';
import { refusalOf, usePreview } from './usePreview';

interface LimitFieldsProps {
  current: Retention;
  /** Whether some servers are kept for days of their own. */
  exceptions: boolean;
  onSaved: () => void;
}

/** How long and how much is kept of all servers. What a change gives up is told before it is saved. */
export function LimitFields({ current, exceptions, onSaved }: LimitFieldsProps) {
  const settings = useModel((model) => model.settings);
  const [days, setDays] = useState(daysText(current.days));
  const [most, setMost] = useState(sizeText(current.bytes));
  const [warn, setWarn] = useState(sizeText(current.warnBytes));
  const [saving, setSaving] = useState(false);

  const typed = { days: daysIn(days), bytes: sizeIn(most, current.bytes), warnBytes: sizeIn(warn, current.warnBytes) };
  const isWhole = (all: typeof typed): all is Retention => Object.values(all).every((value) => value !== undefined);
  const wanted = isWhole(typed) ? typed : null;
  const changed =
    wanted !== null &&
    (wanted.days !== current.days || wanted.bytes !== current.bytes || wanted.warnBytes !== current.warnBytes);
  const preview = usePreview(changed ? wanted : null, null);
  const age =
    exceptions || typeof typed.days !== 'number' ? 'older than they are kept' : `older than ${daysWords(typed.days)}`;
  const sentences = preview.known && wanted ? givenUp(preview.known, wanted, age) : [];

  const save = async () => {
    if (wanted === null || !preview.known) return;
    setSaving(true);
    const saved = await attempt(engine.setSettings({ ...settings, retention: wanted }), 'Settings saved');
    setSaving(false);
    if (saved) onSaved();
  };
  const wrong = (value: number | null | undefined, field: keyof Retention, words: string) =>
    value === undefined ? words : refusalOf(preview, `retention.${field}`);
  return (
    <form
      className={classes.limits}
      aria-label="What is kept of the history"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <p className={classes.about}>
        Whichever limit is reached first counts, and the oldest goes first. An empty field sets no limit.
      </p>
      <NumberField
        label="Kept for"
        unit="days"
        text={days}
        error={wrong(typed.days, 'days', 'A whole number of days. Empty: no limit.')}
        onChange={setDays}
      />
      <NumberField
        label="At most"
        unit="GiB"
        text={most}
        error={wrong(typed.bytes, 'bytes', 'A number, such as 0.5. Empty: no limit.')}
        onChange={setMost}
      />
      <NumberField
        label="Point out from"
        unit="GiB"
        text={warn}
        error={wrong(typed.warnBytes, 'warnBytes', 'A number, such as 2. Empty: never.')}
        onChange={setWarn}
      />
      {changed && (
        <div className={classes.goes}>
          <Goes preview={preview} sentences={sentences} />
        </div>
      )}
      <Button
        type="submit"
        loading={saving}
        disabled={!preview.known}
        {...(sentences.length > 0 ? { color: 'red' } : {})}
      >
        {sentences.length > 0 ? 'Save limits and give that up' : 'Save limits'}
      </Button>
    </form>
  );
}
