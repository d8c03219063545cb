import { Button, Group, Modal } from '@mantine/core';

import type { HostKeyOffer } from '../../api/gen/HostKeyOffer';
import { CopyBlock } from '../../components/CopyBlock';
import { ChangedKeyDialog } from './ChangedKeyDialog';
import classes from './Connection.module.css';
import { commandFor } from './hostKeyFile';

export interface HostKeyDialogProps {
  offer: HostKeyOffer;
  onAccept: () => void;
  onDecline: () => void;
}

/** Asks a person whether the key that a server showed is that server's key. */
export function HostKeyDialog({ offer, onAccept, onDecline }: HostKeyDialogProps) {
  if (offer.replaces.length > 0) return <ChangedKeyDialog offer={offer} onAccept={onAccept} onDecline={onDecline} />;
  return (
    <Modal opened onClose={onDecline} title="Unknown host key" centered size="lg" zIndex={400}>
      <p className={classes.lead}>
        Hostrounds has not met this server before. Make sure that it is yours: somebody on the way could pretend to be
        it and receive what you send.
      </p>
      <dl className={classes.facts}>
        <dt>Host</dt>
        <dd>{offer.host}</dd>
        <dt>Algorithm</dt>
        <dd>{offer.algorithm}</dd>
        <dt>Fingerprint</dt>
        <dd>
          <code className={classes.fingerprint}>{offer.fingerprint}</code>
        </dd>
      </dl>
      <p>
        To compare, run this on the server itself (on its console, or where you are logged in already). It must print
        the same fingerprint:
      </p>
      <CopyBlock label="The command that prints the fingerprint" text={commandFor(offer.algorithm)} />
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onDecline} data-autofocus>
          Cancel
        </Button>
        <Button onClick={onAccept}>Accept host key</Button>
      </Group>
    </Modal>
  );
}
