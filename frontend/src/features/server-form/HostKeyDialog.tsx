import { Button, Group, Modal } from '@mantine/core';

import type { HostKeyOffer } from '../../api/gen/HostKeyOffer';
import classes from './ServerForm.module.css';

/** The file in which OpenSSH keeps a host key of this algorithm. */
function keyFile(algorithm: string): string {
  if (algorithm.includes('ed25519')) return 'ssh_host_ed25519_key.pub';
  if (algorithm.includes('ecdsa')) return 'ssh_host_ecdsa_key.pub';
  return 'ssh_host_rsa_key.pub';
}

interface HostKeyDialogProps {
  offer: HostKeyOffer;
  onAccept: () => void;
  onDecline: () => void;
}

/** Asks a person whether the key that a server showed is that server's key. */
export function HostKeyDialog({ offer, onAccept, onDecline }: HostKeyDialogProps) {
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
      <pre className={classes.command}>ssh-keygen -lf /etc/ssh/{keyFile(offer.algorithm)}</pre>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onDecline} data-autofocus>
          Cancel
        </Button>
        <Button onClick={onAccept}>Accept host key</Button>
      </Group>
    </Modal>
  );
}
