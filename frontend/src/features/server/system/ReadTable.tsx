import { Group } from '@mantine/core';

import type { ExportTable } from '../../../api/gen/ExportTable';
import type { ServerId } from '../../../api/gen/ServerId';
import type { UnixMillis } from '../../../api/gen/UnixMillis';
import { TableExport } from '../../export/ExportMenu';
import { ReadAt } from './ReadAt';

interface ReadTableProps {
  what: string;
  table: ExportTable;
  server: ServerId;
  at: UnixMillis | undefined;
}

/** What stands at the head of a table that was read: its age, and where else it can go. */
export function ReadTable({ what, table, server, at }: ReadTableProps) {
  return (
    <Group gap="xs">
      <ReadAt at={at} />
      <TableExport what={what} table={table} server={server} />
    </Group>
  );
}
