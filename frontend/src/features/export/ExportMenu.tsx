import { ActionIcon, Menu } from '@mantine/core';
import { Braces, Download, Sheet, Table } from 'lucide-react';

import type { ExportSubject } from '../../api/gen/ExportSubject';
import type { ExportTable } from '../../api/gen/ExportTable';
import type { Format } from '../../api/gen/Format';
import type { ServerId } from '../../api/gen/ServerId';
import { exportToFile } from './exports';

const formats: { format: Format; words: string; icon: typeof Sheet }[] = [
  { format: 'csv', words: 'CSV', icon: Table },
  { format: 'xlsx', words: 'Excel workbook (XLSX)', icon: Sheet },
  { format: 'json', words: 'JSON', icon: Braces },
];

interface ExportMenuProps {
  /** What is exported, as people call it. */
  what: string;
  /** Asked for when a format is chosen, so that a range ends then. */
  subject: () => ExportSubject;
}

/** Offers the formats in which something can be exported. */
export function ExportMenu({ what, subject }: ExportMenuProps) {
  const label = `Export ${what}…`;
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label} title={label}>
          <Download size={14} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown aria-label={label}>
        {formats.map(({ format, words, icon: Icon }) => (
          <Menu.Item
            key={format}
            leftSection={<Icon size={14} aria-hidden />}
            onClick={() => void exportToFile({ subject: subject(), format })}
          >
            {words}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

interface TableExportProps {
  what: string;
  table: ExportTable;
  /** Of which server; of all where it is null. */
  server: ServerId | null;
}

/** Offers a table of what the engine knows: all of it, also what the screen leaves out. */
export function TableExport({ what, table, server }: TableExportProps) {
  return (
    <ExportMenu what={what} subject={() => ({ kind: 'table', table, servers: server === null ? [] : [server] })} />
  );
}
