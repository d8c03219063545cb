import { Button, Group, Modal } from '@mantine/core';
import { useState } from 'react';

import { engine } from '../../api/commands';
import type { CommandError } from '../../api/errors';
import type { BackupFile } from '../../api/gen/BackupFile';
import { Note } from '../../components/Note';
import { useStore } from '../../state/hooks';
import { attempt } from '../toasts';
import classes from './Backup.module.css';
import { RestoreDialog } from './RestoreDialog';

/** The database is damaged. Nothing happens to it before a person has decided. */
export function DamagedScreen({ error }: { error: CommandError }) {
  const store = useStore();
  const [backup, setBackup] = useState<[number, BackupFile] | null>(null);
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);

  const choose = async () => {
    setBusy(true);
    setBackup((await attempt(engine.chooseBackup())) ?? null);
    setBusy(false);
  };
  const beginAnew = async () => {
    setAsking(false);
    setBusy(true);
    const replaced = await attempt(engine.beginAnew());
    setBusy(false);
    if (replaced) await store.resync();
  };

  return (
    <>
      <Note
        tone="bad"
        urgent
        title={error.message}
        hint="Nothing was changed. Restore a backup, or begin with an empty database: both keep the damaged file beside it."
        actions={
          <Group gap="xs">
            <Button loading={busy} onClick={() => void choose()}>
              Restore a backup…
            </Button>
            <Button
              variant="default"
              disabled={busy}
              onClick={() => {
                setAsking(true);
              }}
            >
              Begin anew…
            </Button>
            <Button variant="default" disabled={busy} onClick={() => void store.resync()}>
              Try again
            </Button>
          </Group>
        }
      />
      {backup !== null && (
        <RestoreDialog
          id={backup[0]}
          file={backup[1]}
          onClose={() => {
            setBackup(null);
          }}
        />
      )}
      {asking && (
        <Modal
          opened
          centered
          title="Begin with an empty database?"
          onClose={() => {
            setAsking(false);
          }}
        >
          <div className={classes.dialog}>
            <p>
              The damaged database is moved aside and kept. Servers, settings and history begin anew; accepted host keys
              stay.
            </p>
            <Group justify="flex-end">
              <Button
                variant="default"
                data-autofocus
                onClick={() => {
                  setAsking(false);
                }}
              >
                Cancel
              </Button>
              <Button color="red" onClick={() => void beginAnew()}>
                Move aside and begin anew
              </Button>
            </Group>
          </div>
        </Modal>
      )}
    </>
  );
}
