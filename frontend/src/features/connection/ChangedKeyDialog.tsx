import { Button, Checkbox, Group, Modal } from '@mantine/core';
import { ShieldAlert } from 'lucide-react';
import { useState } from 'react';

import { CopyBlock } from '../../components/CopyBlock';
import classes from './Connection.module.css';
import type { HostKeyDialogProps } from './HostKeyDialog';
import { commandFor } from './hostKeyFile';

/** Warns that a server showed another key than the known one. Replacing it takes more than one press. */
export function ChangedKeyDialog({ offer, onAccept, onDecline }: HostKeyDialogProps) {
  const [sure, setSure] = useState(false);
  return (
    <Modal
      opened
      onClose={onDecline}
      title={
        <span className={classes.dangerTitle}>
          <ShieldAlert size={20} aria-hidden /> The host key has changed
        </span>
      }
      centered
      size="lg"
      zIndex={400}
      classNames={{ content: classes.danger }}
    >
      <p className={classes.lead}>
        <strong>{offer.host}</strong> shows another key than the one that is known. Somebody on the way may be
        pretending to be this server, and would receive what you send. The connection was refused; nothing was sent.
      </p>
      <p className={classes.lead}>
        Go on only if you know why the key has changed, such as a server that was set up anew.
      </p>
      <dl className={classes.keys}>
        {offer.replaces.map((known) => (
          <div key={`${known.file}:${known.line}`} className={classes.key}>
            <dt>Known until now ({known.algorithm})</dt>
            <dd>
              <code className={classes.fingerprint}>{known.fingerprint}</code>
            </dd>
            <dd className={classes.place}>
              {known.file}, line {known.line}
            </dd>
          </div>
        ))}
        <div className={classes.key} data-new="true">
          <dt>Shown now ({offer.algorithm})</dt>
          <dd>
            <code className={classes.fingerprint}>{offer.fingerprint}</code>
          </dd>
        </div>
      </dl>
      <p className={classes.lead}>
        Run this on the server itself (on its console, not over this connection). It must print the key that is shown
        now:
      </p>
      <CopyBlock label="The command that prints the fingerprint" text={commandFor(offer.algorithm)} />
      <Checkbox
        mt="md"
        color="red"
        label="I have compared the fingerprints, and I know why the key has changed."
        checked={sure}
        onChange={({ currentTarget: { checked } }) => {
          setSure(checked);
        }}
      />
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onDecline} data-autofocus>
          Keep the old key
        </Button>
        <Button color="red" disabled={!sure} onClick={onAccept}>
          Replace the key
        </Button>
      </Group>
    </Modal>
  );
}
