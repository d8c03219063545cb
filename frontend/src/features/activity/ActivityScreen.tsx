import { Button, Center } from '@mantine/core';

import { Empty } from '../../components/Empty';
import { Page } from '../../components/Page';
import { Panel } from '../../components/Panel';
import { TableExport } from '../export/ExportMenu';
import { Loaded } from '../Loaded';
import { ActivityTable } from './ActivityTable';
import { useActivity } from './useActivity';

const PAGE = 50;

export function ActivityScreen() {
  const log = useActivity(null, PAGE);
  return (
    <Page title="Activity">
      <Panel title="Log" actions={<TableExport what="activity" table="activity" server={null} />} flush>
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
    </Page>
  );
}
