import type { Family } from '../../../api/gen/Family';
import type { Latest } from '../../../api/gen/Latest';
import type { Server } from '../../../api/gen/Server';
import { Panel } from '../../../components/Panel';
import { familyGroups } from '../../../format/families';
import { familyWord } from '../../../format/words';
import { isOff, missingOf, reasonFor, SWITCHED_OFF } from '../../unavailable';
import classes from '../Server.module.css';

/** These say in their own places that they are not there, but not all of them that something is missing. */
const elsewhere: readonly Family[] = [
  'cpu',
  'load',
  'memory',
  'filesystems',
  'diskIo',
  'network',
  'processes',
  'uptime',
];

/** What was not read, or not all of it, and why: most servers have no GPU, and that is no trouble. */
export function NotRead({ server, latest }: { server: Server; latest: Latest | undefined }) {
  const missing = familyGroups
    .flatMap(({ families }) => families)
    .flatMap((family) => {
      const part = missingOf(latest, family);
      if (part !== undefined) return [{ family, reason: `Not complete: ${part}` }];
      if (elsewhere.includes(family)) return [];
      const reason = isOff(server, family) ? SWITCHED_OFF : reasonFor(latest, family);
      return reason === undefined
        ? []
        : [{ family, reason: reason === SWITCHED_OFF ? reason : `Not available: ${reason}` }];
    });
  if (missing.length === 0) return null;
  return (
    <Panel title="Not read from this server">
      <dl className={classes.notRead}>
        {missing.map(({ family, reason }) => (
          <div key={family} style={{ display: 'contents' }}>
            <dt>{familyWord[family]}</dt>
            <dd>{reason}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
