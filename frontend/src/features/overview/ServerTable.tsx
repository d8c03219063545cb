import type { ServerView } from '../../api/gen/ServerView';
import classes from './Overview.module.css';
import { ServerRow } from './ServerRow';

export function ServerTable({ servers }: { servers: readonly ServerView[] }) {
  return (
    <div className={classes.frame}>
      <table className={classes.table} aria-label="Servers">
        <thead>
          <tr>
            <th scope="col">Server</th>
            <th scope="col" className={classes.stateColumn}>
              State
            </th>
            <th scope="col" className={classes.meterColumn}>
              CPU
            </th>
            <th scope="col" className={classes.meterColumn}>
              Memory
            </th>
            <th scope="col" className={classes.meterColumn}>
              Disk
            </th>
            <th scope="col" className={classes.loadColumn}>
              Load, uptime
            </th>
            <th scope="col" className={classes.networkColumn}>
              Network
            </th>
            <th scope="col" className={classes.visitColumn}>
              Visits
            </th>
            <th scope="col" className={classes.actionColumn}>
              <span className={classes.hidden}>Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {servers.map((view) => (
            <ServerRow key={view.server.id} view={view} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
