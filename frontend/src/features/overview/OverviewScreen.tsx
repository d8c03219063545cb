import { Button, Group, Menu, TextInput } from '@mantine/core';
import { ChevronDown, FileInput, Plus, RefreshCw, Search } from 'lucide-react';
import { useState } from 'react';

import { engine } from '../../api/commands';
import type { ServerView } from '../../api/gen/ServerView';
import { Empty } from '../../components/Empty';
import { Page } from '../../components/Page';
import { useModel } from '../../state/hooks';
import { useDialogs } from '../dialogs';
import { TableExport } from '../export/ExportMenu';
import { LOCAL, address } from '../servers';
import { attempt } from '../toasts';
import classes from './Overview.module.css';
import { ServerTable } from './ServerTable';
import { Totals } from './Totals';

/** A search field earns its place from this many servers on. */
const SEARCH_FROM = 6;

function matches({ server }: ServerView, words: string): boolean {
  const text = [server.name, address(server.target), server.environment ?? '', ...server.tags].join(' ').toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

export function OverviewScreen() {
  const servers = useModel((model) => model.servers);
  const open = useDialogs();
  const [words, setWords] = useState('');
  const shown = servers.filter((view) => matches(view, words));
  const onlyLocal = servers.every(({ server }) => server.id === LOCAL);
  const add = (
    <Button
      leftSection={<Plus size={15} aria-hidden />}
      onClick={() => {
        open({ kind: 'add' });
      }}
    >
      Add server
    </Button>
  );
  const bringOver = () => {
    open({ kind: 'import' });
  };

  return (
    <Page
      title="Overview"
      actions={
        <>
          <Button
            variant="default"
            leftSection={<RefreshCw size={14} aria-hidden />}
            onClick={() => void attempt(engine.collectAll(), 'All enabled servers are being collected')}
          >
            Collect all now
          </Button>
          <TableExport what="servers" table="servers" server={null} />
          <Group gap={1} wrap="nowrap">
            {add}
            <Menu position="bottom-end" withinPortal>
              <Menu.Target>
                <Button px={6} aria-label="More ways to add servers">
                  <ChevronDown size={15} aria-hidden />
                </Button>
              </Menu.Target>
              <Menu.Dropdown aria-label="More ways to add servers">
                <Menu.Item leftSection={<FileInput size={14} aria-hidden />} onClick={bringOver}>
                  Import from the SSH configuration
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </Group>
        </>
      }
    >
      <Totals />
      {(servers.length >= SEARCH_FROM || words !== '') && (
        <TextInput
          size="xs"
          className={classes.search}
          aria-label="Filter servers"
          placeholder="Filter by name, address, environment or tag"
          leftSection={<Search size={14} aria-hidden />}
          value={words}
          onChange={(event) => {
            setWords(event.currentTarget.value);
          }}
        />
      )}
      {shown.length > 0 && <ServerTable servers={shown} />}
      {shown.length === 0 && <Empty title={`No server matches “${words}”.`} />}
      {onlyLocal && (
        <FirstServer>
          <Group gap="xs">
            {add}
            <Button variant="default" leftSection={<FileInput size={14} aria-hidden />} onClick={bringOver}>
              Import from the SSH configuration
            </Button>
          </Group>
        </FirstServer>
      )}
    </Page>
  );
}

function FirstServer({ children }: { children: React.ReactNode }) {
  return (
    <section className={classes.first} aria-labelledby="first-server">
      <h2 id="first-server">Add your first server</h2>
      <p>
        This computer is watched already. To watch a server, Hostrounds only needs what you type after <code>ssh</code>:
        a host and a user, with an SSH agent, a key file or a password. Nothing is installed on it. Hosts that stand in
        your <code>~/.ssh/config</code> can be taken over.
      </p>
      <ol>
        <li>Enter the host and the user, and choose how to log in.</li>
        <li>Test the connection, compare the host key and accept it.</li>
        <li>Save. The first values arrive within seconds.</li>
      </ol>
      {children}
    </section>
  );
}
