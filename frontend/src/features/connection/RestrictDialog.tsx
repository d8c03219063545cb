import { Button, Group, Modal } from '@mantine/core';
import { useCallback } from 'react';

import { engine } from '../../api/commands';
import type { RestrictKit } from '../../api/gen/RestrictKit';
import type { ServerView } from '../../api/gen/ServerView';
import { CopyBlock } from '../../components/CopyBlock';
import { Disclosure } from '../../components/Disclosure';
import { Loaded } from '../Loaded';
import { useFetched } from '../useFetched';
import classes from './Connection.module.css';

interface RestrictDialogProps {
  view: ServerView;
  onClose: () => void;
}

/** The least-privilege kit: what is put on a server so that the key of Hostrounds can only read metrics there. */
export function RestrictDialog({ view: { server }, onClose }: RestrictDialogProps) {
  const kit = useFetched(useCallback(() => engine.restrict(server.id), [server.id]));
  return (
    <Modal opened onClose={onClose} title={`Restrict the key on ${server.name}`} size="xl">
      <p className={classes.lead}>
        With this on the server, the key of Hostrounds can do nothing there but read metrics: no shell, no files, no
        forwarding. Nothing is changed until you run it yourself.
      </p>
      <Loaded what="the kit" fetched={kit}>
        {(its) => <Kit kit={its} />}
      </Loaded>
      <Group justify="flex-end" mt="md">
        <Button onClick={onClose} data-autofocus>
          Done
        </Button>
      </Group>
    </Modal>
  );
}

function Kit({ kit }: { kit: RestrictKit }) {
  return (
    <div className={classes.kit}>
      <section aria-label="Steps">
        <h3>Run this on the server, as root</h3>
        <CopyBlock label="The commands" text={kit.commands.join('\n')} tall />
      </section>
      <section aria-label="What it costs">
        <h3>What it costs</h3>
        {kit.costs.length === 0 ? (
          <p>Nothing: every metric can still be read.</p>
        ) : (
          <ul>
            {kit.costs.map((cost) => (
              <li key={cost}>{cost}</li>
            ))}
          </ul>
        )}
      </section>
      <Disclosure label="The line for authorized_keys">
        <CopyBlock label="The line for authorized_keys" text={kit.authorizedKeys} />
      </Disclosure>
      <Disclosure label="The script" beside={kit.path}>
        <CopyBlock label="The script" text={kit.script} tall />
      </Disclosure>
    </div>
  );
}
