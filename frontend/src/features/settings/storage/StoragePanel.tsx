import { useCallback } from 'react';

import { engine } from '../../../api/commands';
import type { StorageReport } from '../../../api/gen/StorageReport';
import { Empty } from '../../../components/Empty';
import { Panel } from '../../../components/Panel';
import { bytes } from '../../../format/units';
import { useModel } from '../../../state/hooks';
import { Loaded } from '../../Loaded';
import { useFetched } from '../../useFetched';
import { LimitFields } from './LimitFields';
import { growthWords } from './limits';
import { ServerStorageTable } from './ServerStorageTable';
import classes from './Storage.module.css';

/** What the history takes on this disk, and what is kept of it. */
export function StoragePanel() {
  const retention = useModel((model) => model.settings.retention);
  const report = useFetched(useCallback(() => engine.storage(), []));
  return (
    <Panel title="Storage">
      <div className={classes.parts}>
        <Loaded what="what the history takes" fetched={report}>
          {(taken) => <Facts report={taken} />}
        </Loaded>
        <LimitFields
          key={JSON.stringify(retention)}
          current={retention}
          exceptions={report.value?.servers.some(({ days }) => days !== null) ?? false}
          onSaved={report.again}
        />
        {report.value &&
          (report.value.servers.some(({ collections, days }) => collections > 0 || days !== null) ? (
            <ServerStorageTable servers={report.value.servers} onSaved={report.again} />
          ) : (
            <Empty title="No history yet.">
              <p>Each collection adds to it; what every server takes is shown here then.</p>
            </Empty>
          ))}
      </div>
    </Panel>
  );
}

function Facts({ report: { file, log, free, growth } }: { report: StorageReport }) {
  return (
    <dl className={classes.facts}>
      <dt>Database</dt>
      <dd>
        {bytes(file)}, of which {bytes(free)} are free for what comes next
      </dd>
      <dt>Log beside it</dt>
      <dd>{bytes(log)}</dd>
      <dt>Growth</dt>
      <dd>{growthWords(growth)}</dd>
    </dl>
  );
}
