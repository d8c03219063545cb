import { SegmentedControl, Skeleton } from '@mantine/core';
import { useState, useSyncExternalStore } from 'react';

import type { Latest } from '../../../api/gen/Latest';
import type { ServerView } from '../../../api/gen/ServerView';
import type { UnixMillis } from '../../../api/gen/UnixMillis';
import { TimeChart } from '../../../components/charts/TimeChart';
import { Empty } from '../../../components/Empty';
import { Note } from '../../../components/Note';
import { Panel } from '../../../components/Panel';
import { ExportMenu } from '../../export/ExportMenu';
import { isOff, reasonFor, SWITCHED_OFF } from '../../unavailable';
import classes from '../Server.module.css';
import { rangeFor, ranges } from './specs';
import { type Feed, useFeeds } from './useFeeds';

interface ChartsProps {
  view: ServerView;
  at: UnixMillis | null;
  latest: Latest | undefined;
}

/** The history of a server as charts that share their time axis and their pointer. */
export function Charts({ view: { server }, at, latest }: ChartsProps) {
  const [range, setRange] = useState(() => rangeFor(at, Date.now()));
  const { feeds, loaded, error } = useFeeds(server.id, range, server.interval);
  return (
    <section aria-label="History" className={classes.history}>
      <div className={classes.historyHead}>
        <h2>History</h2>
        <SegmentedControl
          size="xs"
          role="radiogroup"
          aria-label="Time range"
          data={ranges.map(({ value, label }) => ({ value, label }))}
          value={range.value}
          onChange={(value) => {
            setRange(ranges.find((one) => one.value === value) ?? range);
          }}
        />
      </div>
      {error && <Note tone="bad" urgent title={error.message} hint={error.hint} />}
      <div className={classes.charts}>
        {feeds.map((feed) => (
          <Panel
            key={feed.spec.title}
            title={feed.spec.title}
            actions={
              <ExportMenu
                what={feed.spec.title}
                subject={() => ({
                  kind: 'history',
                  servers: [server.id],
                  metrics: feed.spec.parts.map(({ metric }) => metric),
                  attributes: {},
                  from: Date.now() - range.span,
                  to: Date.now() + 1,
                })}
              />
            }
          >
            {loaded ? (
              <Chart
                feed={feed}
                group={`server-${server.id}`}
                at={at}
                words={range.words}
                off={isOff(server, feed.spec.family)}
                reason={reasonFor(latest, feed.spec.family)}
              />
            ) : (
              <Skeleton height={200} role="status" aria-label={`Loading ${feed.spec.title}`} />
            )}
          </Panel>
        ))}
      </div>
    </section>
  );
}

interface ChartProps {
  feed: Feed;
  group: string;
  at: UnixMillis | null;
  words: string;
  off: boolean;
  reason: string | undefined;
}

function Chart({ feed: { spec, source }, group, at, words, off, reason }: ChartProps) {
  const lines = useSyncExternalStore(source.watch, () => source.names().length);
  const left = useSyncExternalStore(source.watch, source.left);
  if (lines === 0 && off) return <Empty title={SWITCHED_OFF} />;
  if (lines === 0) {
    return (
      <Empty title={reason === undefined ? `Nothing was recorded in the ${words}.` : 'Not available'}>
        {reason !== undefined && <p>{reason}</p>}
      </Empty>
    );
  }
  return (
    <>
      <TimeChart title={spec.title} unit={spec.unit} top={spec.top} group={group} moment={at} source={source} />
      {left > 0 && (
        <p className={classes.quiet}>
          {left} more {spec.many} not drawn.
        </p>
      )}
    </>
  );
}
