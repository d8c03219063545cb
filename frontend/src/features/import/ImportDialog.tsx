import { Button, Group, Modal } from '@mantine/core';
import { useCallback, useState } from 'react';

import { engine } from '../../api/commands';
import type { ImportPreview } from '../../api/gen/ImportPreview';
import type { ServerView } from '../../api/gen/ServerView';
import { Disclosure } from '../../components/Disclosure';
import { Empty } from '../../components/Empty';
import { plural } from '../../format/words';
import { Loaded } from '../Loaded';
import { attempt } from '../toasts';
import { useFetched } from '../useFetched';
import { Candidates } from './Candidates';
import classes from './Import.module.css';
import { ImportResult } from './ImportResult';

/** Takes servers over from the SSH configuration of this person, after they have seen what would become of it. */
export function ImportDialog({ onClose }: { onClose: () => void }) {
  const preview = useFetched(useCallback(() => engine.sshConfig(), []));
  const [added, setAdded] = useState<ServerView[] | null>(null);
  return (
    <Modal opened onClose={onClose} title="Import from the SSH configuration" size="min(60rem, 94vw)">
      {added !== null ? (
        <ImportResult added={added} onClose={onClose} />
      ) : (
        <Loaded what="the SSH configuration" fetched={preview}>
          {(its) => <Preview preview={its} onClose={onClose} onDone={setAdded} />}
        </Loaded>
      )}
    </Modal>
  );
}

interface PreviewProps {
  preview: ImportPreview;
  onClose: () => void;
  onDone: (added: ServerView[]) => void;
}

function Preview({ preview, onClose, onDone }: PreviewProps) {
  const { servers, skipped, files } = preview;
  const offered = servers.filter(({ exists }) => !exists).map(({ alias }) => alias);
  const [chosen, setChosen] = useState<readonly string[]>(offered);
  const [importing, setImporting] = useState(false);

  const run = async () => {
    setImporting(true);
    const added = await attempt(engine.importSshConfig(preview.id, [...chosen]));
    setImporting(false);
    if (added) onDone(added);
  };

  return (
    <div className={classes.preview}>
      {files.length > 0 && (
        <p className={classes.lead}>
          Read from <code>{files[0]}</code>
          {files.length > 1 && ` and ${plural(files.length - 1, 'file', 'files')} that it includes`}. The configuration
          itself is not changed. What is imported stays switched off until you have tested it.
        </p>
      )}
      {servers.length > 0 ? (
        <div className={classes.frame}>
          <Candidates candidates={servers} chosen={chosen} onChoose={setChosen} />
        </div>
      ) : (
        <Empty title="No server can be taken over.">
          <p>
            {skipped.length > 0
              ? 'Nothing in it names a host that can be connected to; see below.'
              : 'It names no hosts. Add a server by hand instead.'}
          </p>
        </Empty>
      )}
      {skipped.length > 0 && (
        <Disclosure label={`Not taken over: ${plural(skipped.length, 'entry', 'entries')}`} open={servers.length === 0}>
          <ul className={classes.skipped}>
            {skipped.map(({ file, line, text, reason }) => (
              <li key={`${file}:${line} ${text}`}>
                <div className={classes.place}>
                  {file}, line {line}
                </div>
                <code>{text}</code>
                <div>{reason}</div>
              </li>
            ))}
          </ul>
        </Disclosure>
      )}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {offered.length > 0 ? 'Cancel' : 'Close'}
        </Button>
        {offered.length > 0 && (
          <Button disabled={chosen.length === 0} loading={importing} onClick={() => void run()} data-autofocus>
            {chosen.length === 0 ? 'Import' : `Import ${plural(chosen.length, 'server')}`}
          </Button>
        )}
      </Group>
    </div>
  );
}
