import { Button, Group, Modal } from '@mantine/core';

import { engine } from '../../api/commands';
import type { ServerView } from '../../api/gen/ServerView';
import { useModel } from '../../state/hooks';
import { go, parseRoute } from '../../state/route';
import { RestrictDialog } from '../connection/RestrictDialog';
import { TestDialog } from '../connection/TestDialog';
import type { OpenDialog } from '../dialogs';
import { ImportDialog } from '../import/ImportDialog';
import { ServerFormDrawer } from '../server-form/ServerFormDrawer';
import { attempt } from '../toasts';

interface DialogsProps {
  open: OpenDialog | null;
  onClose: () => void;
}

/** The dialog that a screen asked for. */
export function Dialogs({ open, onClose }: DialogsProps) {
  const servers = useModel((model) => model.servers);
  if (open === null) return null;
  if (open.kind === 'add') return <ServerFormDrawer view={null} onClose={onClose} />;
  if (open.kind === 'import') return <ImportDialog onClose={onClose} />;
  const view = servers.find(({ server }) => server.id === open.id);
  if (!view) return null;
  switch (open.kind) {
    case 'edit':
      return <ServerFormDrawer key={open.id} view={view} part={open.part} onClose={onClose} />;
    case 'remove':
      return <RemoveDialog view={view} onClose={onClose} />;
    case 'test':
      return <TestDialog view={view} review={open.review} onClose={onClose} />;
    case 'restrict':
      return <RestrictDialog view={view} onClose={onClose} />;
  }
}

function RemoveDialog({ view: { server }, onClose }: { view: ServerView; onClose: () => void }) {
  const remove = async () => {
    onClose();
    const answer = await attempt(engine.removeServer(server.id), `${server.name} was removed`);
    const route = parseRoute(window.location.hash);
    if (answer !== undefined && route.screen === 'server' && route.id === server.id) go({ screen: 'overview' });
  };
  return (
    <Modal opened onClose={onClose} title={`Remove ${server.name}?`} centered>
      <p style={{ marginTop: 0 }}>
        Its settings, its whole history and its saved credentials are deleted. This cannot be undone. The server itself
        is not touched.
      </p>
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose} data-autofocus>
          Cancel
        </Button>
        <Button color="red" onClick={() => void remove()}>
          Remove
        </Button>
      </Group>
    </Modal>
  );
}
