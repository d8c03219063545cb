import { ActionIcon, Menu, Tooltip } from '@mantine/core';
import { CirclePause, CirclePlay, MoreVertical, Pencil, PlugZap, RefreshCw, Trash2 } from 'lucide-react';

import { engine } from '../../api/commands';
import type { ServerView } from '../../api/gen/ServerView';
import { useDialogs } from '../dialogs';
import { LOCAL } from '../servers';
import { attempt } from '../toasts';
import classes from './Overview.module.css';

/** What can be done with a server without opening it. */
export function RowActions({ view: { server } }: { view: ServerView }) {
  const open = useDialogs();
  const remote = server.id !== LOCAL;
  return (
    <div className={classes.actions}>
      <Tooltip label="Collect now">
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={`Collect ${server.name} now`}
          onClick={() => void attempt(engine.collect(server.id))}
        >
          <RefreshCw size={15} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${server.name}`}>
            <MoreVertical size={15} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown aria-label={`Actions for ${server.name}`}>
          <Menu.Item
            leftSection={<Pencil size={14} aria-hidden />}
            onClick={() => {
              open({ kind: 'edit', id: server.id });
            }}
          >
            Edit
          </Menu.Item>
          {remote && (
            <Menu.Item
              leftSection={<PlugZap size={14} aria-hidden />}
              onClick={() => {
                open({ kind: 'test', id: server.id, review: false });
              }}
            >
              Test connection
            </Menu.Item>
          )}
          <Menu.Item
            leftSection={server.enabled ? <CirclePause size={14} aria-hidden /> : <CirclePlay size={14} aria-hidden />}
            onClick={() => void attempt(engine.setEnabled(server.id, !server.enabled))}
          >
            {server.enabled ? 'Disable' : 'Enable'}
          </Menu.Item>
          {remote && (
            <Menu.Item
              color="var(--hr-bad)"
              leftSection={<Trash2 size={14} aria-hidden />}
              onClick={() => {
                open({ kind: 'remove', id: server.id });
              }}
            >
              Remove
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
