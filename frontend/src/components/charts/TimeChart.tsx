import 'uplot/dist/uPlot.min.css';

import { useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from 'react';
import uPlot from 'uplot';

import type { Unit } from '../../api/gen/Unit';
import type { UnixMillis } from '../../api/gen/UnixMillis';
import { timeOfDay } from '../../format/time';
import { quantity } from '../../format/units';
import { type Columns, COLUMNS_PER_LINE, valueAt } from './columns';
import { chartOptions, colourVariable } from './options';
import classes from './TimeChart.module.css';

/** Where a chart takes its data from. The data itself stays out of React: a new value costs one `setData`. */
export interface ChartSource {
  /** The names of the lines; the same array as long as they are the same. */
  names: () => readonly string[];
  columns: () => Columns;
  /** The newest value of every line as it was observed; undefined where only its buckets are known. */
  newest: () => readonly (number | undefined)[];
  window: () => [UnixMillis, UnixMillis];
  watch: (watcher: () => void) => () => void;
}

interface TimeChartProps {
  title: string;
  unit: Unit;
  top?: number | undefined;
  group: string;
  moment: UnixMillis | null;
  source: ChartSource;
}

const HEIGHT = 170;

/** Writes the values at `place` (or the newest) into the legend, without rendering it again. */
function fillLegend(legend: HTMLElement, source: ChartSource, unit: Unit, place: number | null): void {
  const columns = source.columns();
  const newest = source.newest();
  const times = columns[0];
  const at = place ?? times.length - 1;
  const time = times[at];
  const head = legend.querySelector('[data-time]');
  if (head) head.textContent = place !== null && time !== undefined ? timeOfDay(time) : 'newest';
  legend.querySelectorAll<HTMLElement>('[data-line]').forEach((cell) => {
    const line = Number(cell.dataset.line);
    const column = columns[1 + line * COLUMNS_PER_LINE];
    const drawn = column && at >= 0 ? valueAt(column, at) : null;
    // What is drawn is the average of a bucket. A line that ended has no newest value.
    const value = place === null && drawn !== null ? (newest[line] ?? drawn) : drawn;
    cell.textContent = value === null ? '–' : quantity(value, unit);
  });
}

/** Lines over time with a band from the smallest to the largest value. */
export function TimeChart({ title, unit, top, group, moment, source }: TimeChartProps) {
  const names = useSyncExternalStore(source.watch, source.names);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const holder = useRef<HTMLDivElement>(null);
  const legend = useRef<HTMLUListElement>(null);
  const chart = useRef<uPlot | null>(null);

  useLayoutEffect(() => {
    const box = holder.current;
    if (!box) return undefined;
    const onPlace = (place: number | null) => {
      if (legend.current) fillLegend(legend.current, source, unit, place);
    };
    const look = { unit, top, lines: names.length, group, window: source.window, moment, onPlace };
    const plot = new uPlot(chartOptions(look, { width: box.clientWidth, height: HEIGHT }), source.columns(), box);
    chart.current = plot;
    onPlace(null);
    const unwatch = source.watch(() => {
      // The lines changed too: React builds a new chart in a moment.
      if (source.names() !== names) return;
      plot.setData(source.columns());
      onPlace(plot.cursor.idx ?? null);
    });
    const resized = new ResizeObserver(() => {
      plot.setSize({ width: box.clientWidth, height: HEIGHT });
    });
    resized.observe(box);
    // The canvas does not follow CSS variables by itself.
    const recoloured = new MutationObserver(() => {
      plot.redraw(false);
    });
    recoloured.observe(document.documentElement, { attributeFilter: ['data-mantine-color-scheme'] });
    return () => {
      unwatch();
      resized.disconnect();
      recoloured.disconnect();
      plot.destroy();
      chart.current = null;
    };
  }, [source, names, unit, top, group, moment]);

  useEffect(() => {
    names.forEach((name, line) => {
      for (let column = 0; column < COLUMNS_PER_LINE; column += 1) {
        chart.current?.setSeries(1 + line * COLUMNS_PER_LINE + column, { show: !hidden.has(name) });
      }
    });
  }, [hidden, names, source, unit, top, group, moment]);

  const toggle = (name: string) => {
    setHidden((before) => {
      const after = new Set(before);
      if (!after.delete(name)) after.add(name);
      return after;
    });
  };

  return (
    <div className={classes.chart}>
      <ul className={classes.legend} ref={legend} aria-label={`${title}: lines and their values`}>
        <li className={classes.time} data-time />
        {names.map((name, line) => (
          <li key={name}>
            <button
              type="button"
              className={classes.entry}
              aria-pressed={!hidden.has(name)}
              title={hidden.has(name) ? `Show ${name}` : `Hide ${name}`}
              onClick={() => {
                toggle(name);
              }}
            >
              <span className={classes.swatch} style={{ background: `var(${colourVariable(line)})` }} aria-hidden />
              <span className={classes.name}>{name}</span>
              <span className={classes.value} data-line={line} />
            </button>
          </li>
        ))}
      </ul>
      <div ref={holder} className={classes.holder} aria-hidden />
    </div>
  );
}
