import { Button } from '@mantine/core';
import { Pencil } from 'lucide-react';

import type { ServerId } from '../../api/gen/ServerId';
import { useDialogs } from '../dialogs';

/** Leads to the field of the form in which the login is put right. */
export function EditLogin({ id }: { id: ServerId }) {
  const open = useDialogs();
  return (
    <Button
      variant="default"
      leftSection={<Pencil size={14} aria-hidden />}
      onClick={() => {
        open({ kind: 'edit', id, part: 'login' });
      }}
    >
      Edit login
    </Button>
  );
}
