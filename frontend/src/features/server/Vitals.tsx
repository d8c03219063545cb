import { Skeleton } from '@mantine/core';

import type { CommandError } from '../../api/errors';
import type { Family } from '../../api/gen/Family';
import type { Latest } from '../../api/gen/Latest';
import type { Metric } from '../../api/gen/Metric';
import type { RuleKind } from '../../api/gen/RuleKind';
import type { ServerView } from '../../api/gen/ServerView';
import { Absent } from '../../components/Absent';
import { Empty } from '../../components/Empty';
import { Note } from '../../components/Note';
import { RelativeTime } from '../../components/RelativeTime';
import { Tile, Tiles } from '../../components/Tiles';
import { bytes, bytesPerSecond, count, duration, percent } from '../../format/units';
import { useModel } from '../../state/hooks';
import { isFresh } from '../servers';
import { isOff, reasonFor, SWITCHED_OFF } from '../unavailable';
import { valueOf } from './points';
import classes from './Server.module.css';

interface VitalsProps {
  view: ServerView;
  latest: Latest | undefined;
  loading: boolean;
  error: CommandError | null;
}

/** The newest values in large figures; how old they are where they are not of now. */
export function Vitals({ view, latest, loading, error }: VitalsProps) {
  const alerts = useModel((model) => model.alerts);
  const { server, state, summary } = view;
  if (error) return <Note tone="bad" urgent title={error.message} hint={error.hint} />;
  if (loading && !summary) return <Skeleton height={70} role="status" aria-label="Loading values" />;
  if (!summary) {
    return (
      <div className={classes.box}>
        <Empty title="Nothing was observed yet">
          <p>
            {state === 'disabled'
              ? 'Enable it, or collect it now.'
              : 'Its values appear here after the first visit that succeeds.'}
          </p>
        </Empty>
      </div>
    );
  }

  const faded = !isFresh(state);
  const tone = (rule: RuleKind) =>
    alerts.some((alert) => alert.server === server.id && alert.rule === rule) ? ('bad' as const) : undefined;
  const shown = (value: number | null, format: (value: number) => string, family: Family) =>
    value === null ? (
      <Absent reason={isOff(server, family) ? `${SWITCHED_OFF}.` : reasonFor(latest, family)} />
    ) : (
      format(value)
    );
  const amount = (metric: Metric) => valueOf(latest, metric);
  const size = amount('system.memory.limit');
  const used = valueOf(latest, 'system.memory.usage', { 'system.memory.state': 'used' });
  const cpus = amount('system.cpu.logical.count');

  return (
    <>
      {faded && view.lastSeen !== null && (
        <p className={classes.old} role="status">
          These values are from <RelativeTime at={view.lastSeen} />, not of now.
        </p>
      )}
      <Tiles label="Newest values">
        <Tile
          name="CPU"
          faded={faded}
          tone={tone('cpu')}
          value={shown(summary.cpu, percent, 'cpu')}
          note={cpus === null ? undefined : `of ${cpus} CPUs`}
        />
        <Tile
          name="Memory"
          faded={faded}
          tone={tone('memory')}
          value={shown(summary.memory, percent, 'memory')}
          note={size === null ? undefined : used === null ? `of ${bytes(size)}` : `${bytes(used)} of ${bytes(size)}`}
        />
        <Tile
          name="Fullest disk"
          faded={faded}
          tone={tone('disk')}
          value={shown(summary.disk, percent, 'filesystems')}
          note={summary.diskMountpoint ?? undefined}
        />
        <Tile name="Load" faded={faded} value={shown(summary.load, count, 'load')} note="1 min" />
        <Tile
          name="Network"
          faded={faded}
          value={shown(summary.networkReceive, bytesPerSecond, 'network')}
          note={<>out {shown(summary.networkTransmit, bytesPerSecond, 'network')}</>}
        />
        <Tile name="Uptime" faded={faded} value={shown(summary.uptime, duration, 'uptime')} />
      </Tiles>
    </>
  );
}
