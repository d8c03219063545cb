import { describe, expect, it, vi } from 'vitest';

import type { Bucket } from '../../../api/gen/Bucket';
import type { Point } from '../../../api/gen/Point';
import { latest } from '../../../test/fixtures';
import { ChartFeed, MOST_LINES } from './feed';
import { chartSpecs } from './specs';

const HOUR = 3_600_000;
const now = 100 * HOUR;
const range = { span: HOUR, maxPoints: 360, interval: 2_000 };
const spec = (title: string) => chartSpecs.find((one) => one.title === title)?.parts ?? [];
const bucket = (start: number, avg: number): Bucket => ({ start, min: avg, avg, max: avg, count: 1 });
const cpu = (value: number): Point => ({ metric: 'system.cpu.utilization', attributes: {}, value });
const net = (name: string, value: number): Point => ({
  metric: 'system.network.io',
  attributes: { 'network.interface.name': name, 'network.io.direction': 'receive' },
  value,
});

function append(feed: ChartFeed, at: number, points: Point[]) {
  feed.append(latest({ at, points }), () => at);
}

function cpuFeed() {
  return new ChartFeed(spec('CPU'), range, () => now);
}

describe('ChartFeed', () => {
  it('appends what arrives to the history', () => {
    const feed = cpuFeed();
    feed.load([[{ attributes: {}, buckets: [bucket(now - 30_000, 0.1), bucket(now - 20_000, 0.2)] }], []]);
    append(feed, now, [cpu(0.3)]);
    expect(feed.columns()[1]).toEqual([0.1, 0.2, 0.3]);
    expect(feed.names()).toEqual(['Total']);
  });

  it('keeps what arrived while the history was being read, once', () => {
    const feed = cpuFeed();
    append(feed, now - 20_000, [cpu(0.2)]);
    append(feed, now, [cpu(0.3)]);
    feed.load([[{ attributes: {}, buckets: [bucket(now - 40_000, 0.1), bucket(now - 20_000, 0.2)] }], []]);
    expect(feed.columns()[1]).toEqual([0.1, 0.2, 0.3]);
  });

  it('merges values that fall into one pixel', () => {
    const feed = cpuFeed();
    for (const [index, value] of [0.1, 0.3, 0.2].entries()) append(feed, now - 6_000 + index * 2_000, [cpu(value)]);
    const [times, avg, max, min] = feed.columns();
    expect(times).toHaveLength(1);
    expect([avg?.[0], max?.[0], min?.[0]]).toEqual([expect.closeTo(0.2), 0.3, 0.1]);
  });

  it('drops what has left the window, and what came twice', () => {
    const feed = cpuFeed();
    feed.load([[{ attributes: {}, buckets: [bucket(now - 2 * HOUR, 0.9), bucket(now - 20_000, 0.2)] }], []]);
    append(feed, now - 20_000, [cpu(0.7)]);
    expect(feed.columns()[1]).toEqual([0.2]);
  });

  it('does not draw old values of a family that could not be read', () => {
    const feed = cpuFeed();
    feed.append(latest({ points: [cpu(0.3)] }), () => undefined);
    expect(feed.names()).toEqual([]);
  });

  it('draws a value at the time at which its family was read, once', () => {
    const feed = cpuFeed();
    append(feed, now - 20_000, [cpu(0.3)]);
    append(feed, now - 20_000, [cpu(0.3)]);
    expect(feed.columns()[0]).toHaveLength(1);
  });

  it('names the newest value as it was observed, not the average of its bucket', () => {
    const feed = cpuFeed();
    append(feed, now - 6_000, [cpu(0.2)]);
    append(feed, now - 4_000, [cpu(0.6)]);
    expect(feed.columns()[1]).toEqual([0.4]);
    expect(feed.newest()).toEqual([0.6]);
  });

  it('names the newest value of a history once it is known, and draws nothing twice', () => {
    const feed = cpuFeed();
    const history = { start: now - 20_000, min: 0.1, avg: 0.2, max: 0.3, count: 2 };
    feed.load([[{ attributes: {}, buckets: [history] }], []]);
    expect(feed.newest()).toEqual([undefined]);
    feed.offer(latest({ points: [cpu(0.3)] }), () => now - 15_000);
    expect(feed.newest()).toEqual([0.3]);
    expect(feed.columns()[1]).toEqual([0.2]);
  });

  it('leaves idle and modes without a value out', () => {
    const feed = cpuFeed();
    const mode = (word: string, value: number): Point => ({
      metric: 'system.cpu.mode.utilization',
      attributes: { 'cpu.mode': word },
      value,
    });
    append(feed, now, [cpu(0.3), mode('user', 0.2), mode('idle', 0.7), mode('steal', 0)]);
    expect(feed.names()).toEqual(['Total', 'user']);
  });

  it('draws the largest lines and says how many are left', () => {
    const feed = new ChartFeed(spec('Network'), range, () => now);
    const points = Array.from({ length: MOST_LINES + 3 }, (_, index) => net(`eth${index}`, index));
    append(feed, now, points);
    expect(feed.names()).toHaveLength(MOST_LINES);
    expect(feed.names()).not.toContain('eth0 in');
    expect(feed.left()).toBe(3);
  });

  it('keeps the same names while the lines are the same, so that no chart is built anew', () => {
    const feed = cpuFeed();
    const watcher = vi.fn();
    feed.watch(watcher);
    append(feed, now - 60_000, [cpu(0.3)]);
    const names = feed.names();
    append(feed, now, [cpu(0.4)]);
    expect(feed.names()).toBe(names);
    expect(watcher).toHaveBeenCalledTimes(2);
  });
});
