import { Button } from '@mantine/core';
import { useState } from 'react';

import { engine } from '../../api/commands';
import type { BackupFile } from '../../api/gen/BackupFile';
import type { ConfigPreview } from '../../api/gen/ConfigPreview';
import { Panel } from '../../components/Panel';
import { bytes } from '../../format/units';
import { attempt, toastDone } from '../toasts';
import classes from './Backup.module.css';
import { ConfigDialog } from './ConfigDialog';
import { RestoreDialog } from './RestoreDialog';

type Work = 'back up' | 'restore' | 'export' | 'import';

/** Backups and the configuration file: what leaves this computer for another one, and what comes back. */
export function BackupPanel() {
  const [work, setWork] = useState<Work | null>(null);
  const [backup, setBackup] = useState<[number, BackupFile] | null>(null);
  const [preview, setPreview] = useState<ConfigPreview | null>(null);

  const during = async (what: Work, done: () => Promise<void>) => {
    setWork(what);
    await done();
    setWork(null);
  };
  const backUp = async () => {
    const made = await attempt(engine.backUp());
    if (made) toastDone(`Backup written: ${made.path} (${bytes(made.size)})`);
  };
  const restore = async () => {
    setBackup((await attempt(engine.chooseBackup())) ?? null);
  };
  const exportConfig = async () => {
    const path = await attempt(engine.exportConfig());
    if (path) toastDone(`Configuration written: ${path}`);
  };
  const importConfig = async () => {
    setPreview((await attempt(engine.chooseConfig())) ?? null);
  };
  const button = (what: Work, label: string, run: () => Promise<void>) => (
    <Button
      variant="default"
      loading={work === what}
      disabled={work !== null && work !== what}
      onClick={() => void during(what, run)}
    >
      {label}
    </Button>
  );

  return (
    <Panel title="Backup and configuration">
      <div className={classes.parts}>
        <div>
          <p className={classes.about}>
            A backup is one file with everything but the secrets: history, settings, servers, accepted host keys.
            Collections go on while it is written.
          </p>
          <div className={classes.buttons}>
            {button('back up', 'Back up…', backUp)}
            {button('restore', 'Restore a backup…', restore)}
          </div>
        </div>
        <div>
          <p className={classes.about}>
            The configuration is a text file to keep or to share: settings, servers, accepted host keys. No history, no
            secrets.
          </p>
          <div className={classes.buttons}>
            {button('export', 'Export the configuration…', exportConfig)}
            {button('import', 'Import a configuration…', importConfig)}
          </div>
        </div>
      </div>
      {backup !== null && (
        <RestoreDialog
          id={backup[0]}
          file={backup[1]}
          onClose={() => {
            setBackup(null);
          }}
        />
      )}
      {preview !== null && (
        <ConfigDialog
          preview={preview}
          onClose={() => {
            setPreview(null);
          }}
        />
      )}
    </Panel>
  );
}
