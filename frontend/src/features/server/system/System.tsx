import type { Latest } from '../../../api/gen/Latest';
import type { ServerId } from '../../../api/gen/ServerId';
import classes from '../Server.module.css';
import { Containers } from './Containers';
import { Batteries, FileHandles, Gpus, Pressure, Tcp, Temperatures } from './Readings';
import { FailedUnits, Reboot, Users } from './Services';
import { Updates } from './Updates';

/** What the system says of itself beside its load. A part that was not read is left out. */
export function System({ server, latest }: { server: ServerId; latest: Latest }) {
  const { units, users, containers, updates, reboot } = latest.tables;
  return (
    <>
      {containers && <Containers server={server} containers={containers} readAt={latest.readAt.containers} />}
      <div className={classes.halves}>
        {units && <FailedUnits server={server} units={units} readAt={latest.readAt.units} />}
        {reboot && <Reboot reasons={reboot} readAt={latest.readAt.reboot} />}
        {updates && <Updates server={server} updates={updates} latest={latest} />}
        {users && <Users server={server} users={users} readAt={latest.readAt.users} />}
      </div>
      <div className={classes.small}>
        <Tcp latest={latest} />
        <Pressure latest={latest} />
        <Temperatures latest={latest} />
        <Gpus latest={latest} />
        <Batteries latest={latest} />
        <FileHandles latest={latest} />
      </div>
    </>
  );
}
