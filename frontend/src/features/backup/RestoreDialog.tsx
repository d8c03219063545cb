import { Button, Group, Modal } from '@mantine/core';
import { useState } from 'react';

import { engine } from '../../api/commands';
import type { BackupFile } from '../../api/gen/BackupFile';
import type { Replaced } from '../../api/gen/Replaced';
import { Note } from '../../components/Note';
import { absolute } from '../../format/time';
import { bytes } from '../../format/units';
import { plural } from '../../format/words';
import { useStore } from '../../state/hooks';
import { attempt } from '../toasts';
import classes from './Backup.module.css';

interface RestoreDialogProps {
  id: number;
  file: BackupFile;
  onClose: () => void;
}

/** What a backup is, before it takes the place of the data; and where the data is afterwards. */
export function RestoreDialog({ id, file, onClose }: RestoreDialogProps) {
  const store = useStore();
  const [restoring, setRestoring] = useState(false);
  const [done, setDone] = useState<Replaced | null>(null);

  const restore = async () => {
    setRestoring(true);
    const replaced = await attempt(engine.restoreBackup(id));
    setRestoring(false);
    if (!replaced) return;
    setDone(replaced);
  };
  // Everything on the screen is another thing now.
  const close = () => {
    onClose();
    if (done) void store.resync();
  };

  return (
    <Modal
      opened
      onClose={restoring ? () => undefined : close}
      title="Restore a backup"
      size="min(44rem, 94vw)"
      centered
    >
      <div className={classes.dialog}>
        {done ? (
          <>
            <Note
              tone="good"
              urgent
              title="The backup was restored"
              hint="Secrets are in no backup. Those that the keyring of this computer lacks are named at the top of the window."
            />
            {done.aside !== null && (
              <p>
                What was there before is kept in <code>{done.aside}</code>.
              </p>
            )}
          </>
        ) : (
          <>
            <dl className={classes.facts}>
              <dt>File</dt>
              <dd>
                <code>{file.path}</code> ({bytes(file.size)})
              </dd>
              {file.madeAt !== null && (
                <>
                  <dt>Made</dt>
                  <dd>
                    {absolute(file.madeAt)}
                    {file.madeBy !== null && ` by Hostrounds ${file.madeBy}`}
                  </dd>
                </>
              )}
              <dt>Holds</dt>
              <dd>
                {plural(file.servers, 'server')}
                {file.newest !== null && `, observed until ${absolute(file.newest)}`}
              </dd>
            </dl>
            <p>
              It takes the place of everything that is here now: history, settings, servers, accepted host keys. What is
              here now is kept beside it under another name.
            </p>
          </>
        )}
        <Group justify="flex-end">
          {done ? (
            <Button onClick={close} data-autofocus>
              Done
            </Button>
          ) : (
            <>
              <Button variant="default" onClick={close} disabled={restoring} data-autofocus>
                Cancel
              </Button>
              <Button color="red" loading={restoring} onClick={() => void restore()}>
                Restore
              </Button>
            </>
          )}
        </Group>
      </div>
    </Modal>
  );
}
