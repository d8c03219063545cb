import { Button, Checkbox, Group, Modal } from '@mantine/core';
import { useState } from 'react';

import { engine } from '../../api/commands';
import type { ConfigEntry } from '../../api/gen/ConfigEntry';
import type { ConfigHostKey } from '../../api/gen/ConfigHostKey';
import type { ConfigImported } from '../../api/gen/ConfigImported';
import type { ConfigOutcome } from '../../api/gen/ConfigOutcome';
import type { ConfigPreview } from '../../api/gen/ConfigPreview';
import { type Column, DataTable } from '../../components/DataTable';
import { Note } from '../../components/Note';
import { plural } from '../../format/words';
import { attempt } from '../toasts';
import classes from './Backup.module.css';

interface ConfigDialogProps {
  preview: ConfigPreview;
  onClose: () => void;
}

const words: Record<ConfigOutcome, string> = { added: 'New', changed: 'Changed', same: 'Same', refused: 'Refused' };

function Outcome({ of }: { of: ConfigOutcome }) {
  return (
    <span className={classes.outcome} data-outcome={of}>
      {words[of]}
    </span>
  );
}

const names = { settings: 'Settings', local: 'This computer', server: null } as const;

const entryColumns: Column<ConfigEntry>[] = [
  { title: 'Name', cell: ({ kind, name }) => names[kind] ?? name },
  { title: 'Import', cell: ({ outcome }) => <Outcome of={outcome} /> },
  {
    title: 'What',
    wide: true,
    cell: ({ details, secrets }) => (
      <>
        {details.map((detail) => (
          <div key={detail} className={classes.detail}>
            {detail}
          </div>
        ))}
        {secrets.length > 0 && <div className={classes.detail}>To be given afterwards: {secrets.join(', ')}</div>}
      </>
    ),
  },
];

const keyColumns: Column<ConfigHostKey>[] = [
  { title: 'Host', cell: ({ host }) => host },
  { title: 'Import', cell: ({ outcome }) => <Outcome of={outcome} /> },
  {
    title: 'Key',
    wide: true,
    cell: ({ algorithm, fingerprint, reason }) => (
      <div className={classes.detail}>
        {algorithm} {fingerprint}
        {reason !== null && <div>{reason}</div>}
      </div>
    ),
  },
];

/** What a configuration file would change, before anything is. */
export function ConfigDialog({ preview, onClose }: ConfigDialogProps) {
  const { entries, hostKeys, unknown, file, id } = preview;
  const [trusting, setTrusting] = useState(false);
  const [importing, setImporting] = useState(false);
  const [done, setDone] = useState<ConfigImported | null>(null);
  const newKeys = hostKeys.filter(({ outcome }) => outcome === 'added');
  const refused =
    entries.some(({ outcome }) => outcome === 'refused') ||
    (trusting && hostKeys.some(({ outcome }) => outcome === 'refused'));
  const changes = entries.filter(({ outcome }) => outcome === 'added' || outcome === 'changed').length;
  const nothing = changes === 0 && !(trusting && newKeys.length > 0);

  const run = async () => {
    setImporting(true);
    const imported = await attempt(engine.importConfig(id, trusting));
    setImporting(false);
    if (imported) setDone(imported);
  };

  return (
    <Modal opened onClose={onClose} title="Import a configuration" size="min(60rem, 94vw)">
      <div className={classes.dialog}>
        {done ? (
          <Note
            tone="good"
            urgent
            title={summary(done)}
            hint="Secrets are in no file: edit a server to give it its password."
          />
        ) : (
          <>
            <p className={classes.detail}>
              Read from <code>{file}</code>. Servers are compared by their names; none is removed.
            </p>
            <div className={classes.frame}>
              <DataTable
                label="What the file holds"
                columns={entryColumns}
                rows={entries}
                keyOf={({ kind, name }) => `${kind} ${name}`}
              />
            </div>
            {hostKeys.length > 0 && (
              <Checkbox
                label={`Accept the ${plural(newKeys.length, 'new host key')} of the file`}
                description="Whoever wrote the file then says which servers are the right ones. Keys that are known stay."
                checked={trusting}
                disabled={newKeys.length === 0}
                onChange={({ currentTarget: { checked } }) => {
                  setTrusting(checked);
                }}
              />
            )}
            {trusting && (
              <div className={classes.frame}>
                <DataTable
                  label="Host keys in the file"
                  columns={keyColumns}
                  rows={hostKeys}
                  keyOf={({ host, fingerprint, algorithm }) => `${host} ${algorithm} ${fingerprint}`}
                />
              </div>
            )}
            {unknown.length > 0 && (
              <Note tone="warn" title="This version does not know these fields and passes them over">
                <ul className={classes.list}>
                  {unknown.map((field) => (
                    <li key={field}>
                      <code>{field}</code>
                    </li>
                  ))}
                </ul>
              </Note>
            )}
            {refused && (
              <Note
                tone="bad"
                title="Something in the file cannot be taken over"
                hint="Correct the file and choose it again. Until then nothing of it is taken over."
              />
            )}
          </>
        )}
        <Group justify="flex-end">
          {done ? (
            <Button onClick={onClose} data-autofocus>
              Done
            </Button>
          ) : (
            <>
              <Button variant="default" onClick={onClose} data-autofocus>
                {nothing ? 'Close' : 'Cancel'}
              </Button>
              {!nothing && (
                <Button disabled={refused} loading={importing} onClick={() => void run()}>
                  Import
                </Button>
              )}
            </>
          )}
        </Group>
      </div>
    </Modal>
  );
}

function summary({ added, changed, settings, hostKeys }: ConfigImported): string {
  const parts = [
    added > 0 && `${plural(added, 'server')} added`,
    changed > 0 && `${plural(changed, 'server')} changed`,
    settings && 'settings changed',
    hostKeys > 0 && `${plural(hostKeys, 'host key')} accepted`,
  ].filter((part) => part !== false);
  return parts.length > 0 ? `${parts.join(', ')}.` : 'Everything was as in the file already.';
}
