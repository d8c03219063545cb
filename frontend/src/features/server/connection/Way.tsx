import { Button } from '@mantine/core';
import { KeyRound } from 'lucide-react';

import type { Hop } from '../../../api/gen/Hop';
import type { Login } from '../../../api/gen/Login';
import type { SecretSlot } from '../../../api/gen/SecretSlot';
import type { ServerView } from '../../../api/gen/ServerView';
import { type Column, DataTable } from '../../../components/DataTable';
import { Panel } from '../../../components/Panel';
import { loginWord } from '../../../format/words';
import { useDialogs } from '../../dialogs';
import { hopName } from '../../servers';
import classes from './ConnectionPart.module.css';

interface Stop {
  role: string;
  hop: Hop;
  /** As the slots of its secrets name it. */
  jump: string | null;
}

function secretOf(login: Login, jump: string | null, secrets: readonly SecretSlot[]): string | null {
  switch (login.method) {
    case 'password':
      return secrets.some((slot) => slot.kind === 'password' && slot.jump === jump)
        ? 'saved in the keyring'
        : 'not saved';
    case 'key':
      return secrets.some((slot) => slot.kind === 'passphrase' && slot.path === login.path) ? 'passphrase saved' : null;
    case 'agent':
    case 'prompts':
      return null;
  }
}

function detailOf(login: Login): string {
  if (login.method === 'key') return [login.path, login.certificate].filter((word) => word !== null).join(', ');
  if (login.method === 'agent') return [login.key, login.socket].filter((word) => word !== null).join(', ');
  return '';
}

/** Every host on the way, with how it is logged in to. */
export function Way({ view: { server, secrets } }: { view: ServerView }) {
  const open = useDialogs();
  const { target } = server;
  if (target.kind === 'local') return null;
  const stops: Stop[] = [
    ...target.jumps.map((hop, index) => ({ role: `Jump host ${index + 1}`, hop, jump: hopName(hop) })),
    { role: 'Server', hop: target, jump: null },
  ];
  const columns: Column<Stop>[] = [
    { title: 'Host', cell: ({ hop }) => hopName(hop) },
    { title: 'Role', cell: ({ role }) => role },
    {
      title: 'Logs in with, in this order',
      wide: true,
      cell: ({ hop, jump }) =>
        hop.logins.map((login, index) => {
          const about = [detailOf(login), secretOf(login, jump, secrets)].filter(
            (word) => word !== null && word !== '',
          );
          return (
            <div key={index}>
              {loginWord[login.method]} <span className={classes.quiet}>{about.join(', ')}</span>
            </div>
          );
        }),
    },
  ];
  return (
    <Panel
      title="The way"
      actions={
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<KeyRound size={12} aria-hidden />}
          onClick={() => {
            open({ kind: 'restrict', id: server.id });
          }}
        >
          Restrict the key
        </Button>
      }
      flush
    >
      <DataTable label="The way" columns={columns} rows={stops} keyOf={({ role }) => role} />
    </Panel>
  );
}
