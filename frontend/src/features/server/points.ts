/** Reading single values out of the newest ones. */

import type { Attributes } from '../../api/gen/Attributes';
import type { Latest } from '../../api/gen/Latest';
import type { Metric } from '../../api/gen/Metric';

/** The value of the series that carries exactly `attributes`; null where there is none. */
export function valueOf(latest: Latest | undefined, metric: Metric, attributes: Attributes = {}): number | null {
  const wanted = Object.entries(attributes);
  const point = latest?.points.find(
    (candidate) =>
      candidate.metric === metric &&
      Object.keys(candidate.attributes).length === wanted.length &&
      wanted.every(([name, value]) => candidate.attributes[name] === value),
  );
  return point?.value ?? null;
}

/** The values of `metric` by one of its attributes, in the order in which they stand there. */
export function pointsBy(latest: Latest, metric: Metric, attribute: string): ReadonlyMap<string, number> {
  return new Map(
    latest.points.flatMap((point) => {
      const name = point.attributes[attribute];
      return point.metric === metric && name !== undefined ? [[name, point.value] as const] : [];
    }),
  );
}
