import { useEffect, useMemo, useState } from 'react';

import { engine } from '../../../api/commands';
import { type CommandError, toCommandError } from '../../../api/errors';
import type { Latest } from '../../../api/gen/Latest';
import type { Metric } from '../../../api/gen/Metric';
import type { ServerId } from '../../../api/gen/ServerId';
import type { UnixMillis } from '../../../api/gen/UnixMillis';
import { useEngineEvent, useLatest, useSync } from '../../../state/hooks';
import { ChartFeed } from './feed';
import { type ChartSpec, chartSpecs, familyOfMetric, type Range } from './specs';

export interface Feed {
  spec: ChartSpec;
  source: ChartFeed;
}

export interface Feeds {
  feeds: readonly Feed[];
  /** Which range is loaded; another one than asked for while that is being read. */
  loaded: Range | null;
  error: CommandError | null;
}

/** A chart takes a bit less than half the window; more points than pixels would not be seen. */
function pointsThatFit(): number {
  return Math.min(1_200, Math.max(240, Math.round(window.innerWidth * 0.45)));
}

async function read(id: ServerId, { spec, source }: Feed, range: Range, maxPoints: number): Promise<void> {
  const to = Date.now();
  const histories = spec.parts.map(({ metric }) =>
    engine.history({ server: id, metric, attributes: {}, from: to - range.span, to: to + 1, maxPoints }),
  );
  source.load(await Promise.all(histories));
}

/** When each metric of `latest` was read: a family that could not be read keeps its older values, and its older time. */
function readAtIn({ readAt }: Latest): (metric: Metric) => UnixMillis | undefined {
  return (metric) => {
    const family = familyOfMetric(metric);
    return family && readAt[family];
  };
}

/** The charts of a server over `range`: read once from the history, then grown by events. */
export function useFeeds(id: ServerId, range: Range, interval: number): Feeds {
  const sync = useSync();
  const [outcome, setOutcome] = useState<{ feeds: readonly Feed[]; error: CommandError | null } | null>(null);

  const feeds = useMemo(() => {
    const shape = { span: range.span, maxPoints: pointsThatFit(), interval: interval * 1_000 };
    return chartSpecs.map((spec) => ({ spec, source: new ChartFeed(spec.parts, shape) }));
  }, [range, interval]);

  useEffect(() => {
    let wanted = true;
    Promise.all(feeds.map((feed) => read(id, feed, range, pointsThatFit()))).then(
      () => {
        if (wanted) setOutcome({ feeds, error: null });
      },
      (cause: unknown) => {
        if (wanted) setOutcome({ feeds, error: toCommandError(cause) });
      },
    );
    return () => {
      wanted = false;
    };
  }, [id, feeds, range, sync]);

  const current = outcome?.feeds === feeds ? outcome : null;
  const known = useLatest(id);
  useEffect(() => {
    if (!current || !known) return;
    for (const { source } of current.feeds) source.offer(known, readAtIn(known));
  }, [current, known]);

  useEngineEvent((event) => {
    if (event.type === 'latest' && event.id === id) {
      for (const { source } of feeds) source.append(event.latest, readAtIn(event.latest));
    } else if (event.type === 'server' && event.view.server.id === id && event.view.failure !== null) {
      for (const { source } of feeds) source.touch();
    }
  });

  return { feeds, loaded: current ? range : null, error: current?.error ?? null };
}
