import { Button, Group, Modal } from '@mantine/core';
import { useCallback, useState } from 'react';

import { engine } from '../../api/commands';
import type { ImportPreview } from '../../api/gen/ImportPreview';
import type { ServerView } from '../../api/gen/ServerView';
import { Disclosure } from '../../components/Disclosure';
import { Empty } from '../../components/Empty';
import { Note } from '../../components/Note';
import { plural } from '../../format/words';
import { serverHref } from '../../state/route';
import { Loaded } from '../Loaded';
import { attempt } from '../toasts';
import { useFetched } from '../useFetched';
import { Candidates } from './Candidates';
import classes from './Import.module.css';

/** Takes servers over from the SSH configuration of this person, after they have seen what would become of it. */
export function ImportDialog({ onClose }: { onClose: () => void }) {
  const preview = useFetched(useCallback(() => engine.sshConfig(), []));
  const [added, setAdded] = useState<ServerView[] | null>(null);
  return (
    <Modal opened onClose={onClose} title="Import from the SSH configuration" size="min(60rem, 94vw)">
      {added !== null ? (
        <Result added={added} onClose={onClose} />
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
          itself is not changed.
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
        <Disclosure label={`${plural(skipped.length, 'entry', 'entries')} not taken over`} open={servers.length === 0}>
          <ul className={classes.skipped}>
            {skipped.map(({ file, line, text, reason }) => (
              <li key={`${file}:${line} ${text}`}>
                <code>{text}</code> {reason}{' '}
                <span className={classes.place}>
                  {file}, line {line}
                </span>
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

function Result({ added, onClose }: { added: readonly ServerView[]; onClose: () => void }) {
  return (
    <div className={classes.preview}>
      <Note
        tone="good"
        urgent
        title={added.length === 1 ? '1 server was added' : `${added.length} servers were added`}
        hint="Test the connection of each once, to see its host key and to accept it. Secrets are not part of an SSH configuration: edit a server to give it its password or passphrase."
      />
      <ul className={classes.added}>
        {added.map(({ server }) => (
          <li key={server.id}>
            <a href={serverHref(server.id)} onClick={onClose}>
              {server.name}
            </a>
          </li>
        ))}
      </ul>
      <Group justify="flex-end">
        <Button onClick={onClose} data-autofocus>
          Done
        </Button>
      </Group>
    </div>
  );
}
