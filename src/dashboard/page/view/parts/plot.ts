/** One uPlot: the only file that knows it, so that it is loaded alone. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { History } from '../../../../protocol/history.ts';
import { type ChartPlan, columnsOf } from '../../model/charts.ts';

const HEIGHT = 150;

export class Plot {
  readonly #plot: uPlot;
  readonly #chart: ChartPlan;
  readonly #size: ResizeObserver;

  /** `point` is told the index below the pointer, and null when that is elsewhere. */
  constructor(box: HTMLElement, chart: ChartPlan, point: (index: number | null) => void) {
    const style = getComputedStyle(document.documentElement);
    const color = (name: string) => style.getPropertyValue(name).trim();
    const font = `11px ${style.fontFamily}`;
    const axis = {
      stroke: color('--muted'),
      font,
      grid: { stroke: color('--line'), width: 1 },
      ticks: { show: false },
    };
    this.#chart = chart;
    this.#plot = new uPlot(
      {
        width: box.clientWidth,
        height: HEIGHT,
        padding: [8, 4, 0, 0],
        legend: { show: false },
        cursor: { y: false, sync: { key: 'charts' }, drag: { x: false, y: false } },
        scales: { y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.1 : 1] } },
        axes: [
          { ...axis, values: timeLabels, space: 60, size: 26 },
          { ...axis, size: 58, space: 34, values: (_plot, ticks) => ticks.map((tick) => chart.format(tick)) },
        ],
        series: [
          {},
          ...chart.curves.map(({ label, color: number }) => ({
            label,
            stroke: color(`--curve-${number}`),
            width: 1.5,
            points: { show: false },
            ...(chart.curves.length === 1 ? { fill: color(`--curve-${number}-fill`) } : {}),
          })),
        ],
        hooks: { setCursor: [(plot) => point(plot.cursor.idx ?? null)] },
      },
      [[]],
      box,
    );
    this.#size = new ResizeObserver(() => {
      const width = box.clientWidth;
      if (width > 0 && width !== this.#plot.width) this.#plot.setSize({ width, height: HEIGHT });
    });
    this.#size.observe(box);
  }

  show(history: History): void {
    this.#plot.setData(columnsOf(history, this.#chart) as uPlot.AlignedData);
  }

  end(): void {
    this.#size.disconnect();
    this.#plot.destroy();
  }
}

/** `14:30`; over several days `Tue 24`. */
function timeLabels(
  _plot: uPlot,
  ticks: number[],
  _axis: number,
  _space: number,
  stepSeconds: number,
): string[] {
  return ticks.map((tick) => {
    const date = new Date(tick * 1000);
    return stepSeconds >= 86_400
      ? date.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric' })
      : date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  });
}
