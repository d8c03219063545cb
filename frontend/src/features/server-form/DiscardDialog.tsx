import { Button, Group, Modal } from '@mantine/core';

import classes from './ServerForm.module.css';

interface DiscardDialogProps {
  onKeep: () => void;
  onDiscard: () => void;
}

/** Asks before what a person typed is thrown away. */
export function DiscardDialog({ onKeep, onDiscard }: DiscardDialogProps) {
  return (
    <Modal opened onClose={onKeep} title="Discard what you entered?" centered zIndex={400}>
      <p className={classes.lead}>Nothing of it was saved yet.</p>
      <Group justify="flex-end">
        <Button variant="default" onClick={onKeep} data-autofocus>
          Keep editing
        </Button>
        <Button color="red" onClick={onDiscard}>
          Discard
        </Button>
      </Group>
    </Modal>
  );
}
