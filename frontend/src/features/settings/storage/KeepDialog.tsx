import { Button, Group, Modal } from '@mantine/core';
import { useState } from 'react';

import { engine } from '../../../api/commands';
import type { ServerStorage } from '../../../api/gen/ServerStorage';
import { NumberField } from '../../../components/NumberField';
import { useModel } from '../../../state/hooks';
import { attempt } from '../../toasts';
import { Goes } from './Goes';
import { daysIn, daysText, daysWords, givenUp, NOTHING } from './limits';
import classes from './Storage.module.css';
import { refusalOf, usePreview } from './usePreview';

interface KeepDialogProps {
  of: ServerStorage;
  name: string;
  onClose: () => void;
  onSaved: () => void;
}

/** How long the history of one server is kept, where that differs from the others. */
export function KeepDialog({ of, name, onClose, onSaved }: KeepDialogProps) {
  const retention = useModel((model) => model.settings.retention);
  const [text, setText] = useState(daysText(of.days));
  const [saving, setSaving] = useState(false);
  const days = daysIn(text);
  const changed = days !== undefined && days !== of.days;
  const preview = usePreview(changed ? retention : null, changed ? [of.server, days] : null);
  // What goes of the others goes anyway.
  const its = preview.known && {
    servers: preview.known.servers.filter(({ server }) => server === of.server),
    bySize: NOTHING,
  };
  const kept = days ?? retention.days;
  const sentences = its ? givenUp(its, retention, `older than ${daysWords(kept)}`) : [];

  const save = async () => {
    if (days === undefined || !preview.known) return;
    setSaving(true);
    const saved = await attempt(engine.setKeepDays(of.server, days), 'Saved');
    setSaving(false);
    if (saved === undefined) return;
    onSaved();
    onClose();
  };
  return (
    <Modal opened onClose={onClose} title={`How long the history of ${name} is kept`} centered>
      <form
        className={classes.keep}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <NumberField
          label="Kept for"
          unit="days"
          description={`Empty: as that of the others, ${daysWords(retention.days)}.`}
          text={text}
          error={days === undefined ? 'A whole number of days, or nothing.' : refusalOf(preview, 'days')}
          onChange={setText}
        />
        {changed && <Goes preview={preview} sentences={sentences} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            loading={saving}
            disabled={!preview.known}
            {...(sentences.length > 0 ? { color: 'red' } : {})}
          >
            {sentences.length > 0 ? 'Save and give that up' : 'Save'}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
