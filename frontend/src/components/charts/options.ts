/** How the charts look: everything about uPlot that does not depend on React. */

import type uPlot from 'uplot';

import type { Unit } from '../../api/gen/Unit';
import type { UnixMillis } from '../../api/gen/UnixMillis';
import { tickLabel } from '../../format/time';
import { mark } from '../../format/units';
import { COLUMNS_PER_LINE, isolated } from './columns';

/** Lines beyond this many would share a colour. */
export const COLOURS = 8;

const BAND_ALPHA = '33';

/** The CSS variable that holds the colour of line `index`. */
export function colourVariable(index: number): string {
  return `--hr-series-${(index % COLOURS) + 1}`;
}

function css(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Steps of an axis in bytes: powers of two, so that ticks stand at whole KiB, MiB and GiB. */
const BINARY_STEPS = Array.from({ length: 60 }, (_, power) => 2 ** power);

export interface ChartLook {
  unit: Unit;
  /** The largest value the axis shows; grows with the data where absent. */
  top?: number | undefined;
  /** How many lines there are. */
  lines: number;
  /** Charts with the same name show the same moment under the pointer. */
  group: string;
  /** The first and the last moment. */
  window: () => [UnixMillis, UnixMillis];
  /** A moment that is marked. */
  moment: UnixMillis | null;
  /** Called with the place under the pointer, or null when it left. */
  onPlace: (place: number | null) => void;
}

function seriesOf(line: number): uPlot.Series[] {
  const colour = () => css(colourVariable(line));
  const edge: uPlot.Series = { stroke: 'transparent', width: 0, points: { show: false } };
  return [
    {
      stroke: colour,
      width: 1.5,
      points: { show: false, size: 4, fill: colour, filter: (plot, series) => isolated(plot.data[series] ?? []) },
    },
    edge,
    edge,
  ];
}

function bandOf(line: number): uPlot.Band {
  const average = 1 + line * COLUMNS_PER_LINE;
  return { series: [average + 1, average + 2], fill: () => `${css(colourVariable(line))}${BAND_ALPHA}` };
}

function drawMoment(plot: uPlot, moment: UnixMillis): void {
  const { left, top, width, height } = plot.bbox;
  const x = Math.round(plot.valToPos(moment, 'x', true));
  if (x < left || x > left + width) return;
  plot.ctx.save();
  plot.ctx.strokeStyle = css('--hr-bad');
  plot.ctx.setLineDash([4, 4]);
  plot.ctx.beginPath();
  plot.ctx.moveTo(x, top);
  plot.ctx.lineTo(x, top + height);
  plot.ctx.stroke();
  plot.ctx.restore();
}

/** The options of a chart of `size`. */
export function chartOptions(look: ChartLook, size: { width: number; height: number }): uPlot.Options {
  const quiet = () => css('--hr-quiet');
  const grid: uPlot.Axis.Grid = { stroke: () => css('--hr-line'), width: 1 };
  const bytes = look.unit === 'bytes' || look.unit === 'bytesPerSecond';
  const lines = Array.from({ length: look.lines }, (_, line) => line);
  const font = '11px system-ui, sans-serif';
  return {
    ...size,
    ms: 1,
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 6 }, sync: { key: look.group, scales: ['x', null] } },
    scales: {
      x: { time: true, range: () => look.window() },
      y: { range: (_plot, _low, high) => [0, look.top ?? Math.max(high * 1.1, Number.MIN_VALUE, bytes ? 1024 : 0.1)] },
    },
    series: [{}, ...lines.flatMap(seriesOf)],
    bands: lines.map(bandOf),
    axes: [
      {
        stroke: quiet,
        font,
        grid,
        ticks: { show: false },
        size: 26,
        space: 64,
        values: (_plot, splits, _axis, _space, step) => splits.map((at, index) => tickLabel(at, step, index === 0)),
      },
      {
        stroke: quiet,
        font,
        grid,
        ticks: { show: false },
        size: bytes ? 72 : 52,
        space: 28,
        ...(bytes ? { incrs: BINARY_STEPS } : {}),
        ...(look.unit === 'ratio' ? { splits: () => [0, 0.25, 0.5, 0.75, 1] } : {}),
        values: (_plot, splits) => splits.map((value) => mark(value, look.unit)),
      },
    ],
    hooks: {
      setCursor: [
        (plot) => {
          look.onPlace(plot.cursor.idx ?? null);
        },
      ],
      draw: [
        (plot) => {
          if (look.moment !== null) drawMoment(plot, look.moment);
        },
      ],
    },
  };
}
