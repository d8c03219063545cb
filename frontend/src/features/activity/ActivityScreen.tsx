import { Page } from '../../components/Page';
import { ActivityLog } from './ActivityLog';

const PAGE = 50;

export function ActivityScreen() {
  return (
    <Page title="Activity">
      <ActivityLog title="Log" server={null} page={PAGE} />
    </Page>
  );
}
