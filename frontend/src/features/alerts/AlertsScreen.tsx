import { Empty } from '../../components/Empty';
import { Page } from '../../components/Page';
import { Panel } from '../../components/Panel';
import { useModel } from '../../state/hooks';
import { TableExport } from '../export/ExportMenu';
import { Loaded } from '../Loaded';
import { AlertTable } from './AlertTable';
import { useAlerts } from './useAlerts';

const SHOWN = 200;

export function AlertsScreen() {
  const firing = useModel((model) => model.alerts);
  const all = useAlerts(null, SHOWN);
  return (
    <Page title="Alerts">
      <Panel title="Firing" flush>
        {firing.length > 0 ? (
          <AlertTable label="Firing alerts" alerts={firing} />
        ) : (
          <Empty title="No alert is firing." />
        )}
      </Panel>
      <Panel title="History" actions={<TableExport what="alerts" table="alerts" server={null} />} flush>
        <Loaded what="the history of alerts" fetched={all}>
          {(alerts) => {
            const resolved = alerts.filter(({ state }) => state === 'resolved');
            return resolved.length > 0 ? (
              <AlertTable label="Resolved alerts" alerts={resolved} />
            ) : (
              <Empty title="No alert has been resolved yet." />
            );
          }}
        </Loaded>
      </Panel>
    </Page>
  );
}
