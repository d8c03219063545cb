import { Button, Center } from '@mantine/core';

import type { ServerId } from '../../api/gen/ServerId';
import { Empty } from '../../components/Empty';
import { Panel } from '../../components/Panel';
import { TableExport } from '../export/ExportMenu';
import { Loaded } from '../Loaded';
import { ActivityTable } from './ActivityTable';
import { useActivity } from './useActivity';

interface ActivityLogProps {
  title: string;
  /** Only what concerns this server; null for all. */
  server: ServerId | null;
  /** How many entries are read at a time. */
  page: number;
}

/** What was done and what happened, newest first, a page at a time. */
export function ActivityLog({ title, server, page }: ActivityLogProps) {
  const log = useActivity(server, page);
  return (
    <>
      <Panel title={title} actions={<TableExport what="activity" table="activity" server={server} />} flush>
        <Loaded what="the activity log" fetched={log}>
          {(entries) =>
            entries.length > 0 ? (
              <ActivityTable label="Activity" entries={entries} />
            ) : (
              <Empty title="Nothing has happened yet." />
            )
          }
        </Loaded>
      </Panel>
      {log.more && (
        <Center>
          <Button variant="default" onClick={() => void log.loadOlder()}>
            Load older
          </Button>
        </Center>
      )}
    </>
  );
}
