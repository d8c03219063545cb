import type uPlot from 'uplot';

/** Stands in for uPlot where there is no canvas. */
export class CanvasFreePlot {
  static readonly all: CanvasFreePlot[] = [];
  readonly cursor = { idx: null };

  constructor(
    readonly options: uPlot.Options,
    public data: uPlot.AlignedData,
  ) {
    CanvasFreePlot.all.push(this);
  }

  setData(data: uPlot.AlignedData): void {
    this.data = data;
  }

  setSize(): void {
    return undefined;
  }

  setSeries(): void {
    return undefined;
  }

  redraw(): void {
    return undefined;
  }

  destroy(): void {
    return undefined;
  }
}
