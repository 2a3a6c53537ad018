/** The charts of one series over an hour, a day or a week. uPlot comes when the first one is shown. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { History, HistoryRange } from '../../../../protocol/history.ts';
import { type ChartPlan, chartInWords, chartsOf, ranges } from '../../model/charts.ts';
import { formatClock, formatDay } from '../../model/format.ts';
import { address } from '../api.ts';
import { useLoaded } from '../load.ts';
import { useStore } from '../store.ts';
import { dark } from '../theme.ts';
import { Tabs } from './controls.tsx';
import type { Plot } from './plot.ts';
import { Empty, Panel, Problem, Waiting } from './small.tsx';

const everyMs: Readonly<Record<HistoryRange, number>> = { '1h': 15_000, '24h': 60_000, '7d': 300_000 };

export function Charts({ title, series }: { readonly title: string; readonly series: string }) {
  const [range, setRange] = useState<HistoryRange>('1h');
  const { data, problem } = useLoaded<History>(address('history', { series, range }), {
    everyMs: everyMs[range],
  });
  // While another range is loaded, the charts of the last one stay, so that the page does not jump.
  const last = useRef<History | undefined>(undefined);
  if (data) last.current = data;
  const shown = data ?? (last.current?.series === series ? last.current : undefined);
  const plans = shown ? chartsOf(shown) : [];
  return (
    <Panel
      title={title}
      more={
        <Tabs
          label="Time shown"
          value={range}
          options={ranges.map(({ range, label }) => [range, label] as const)}
          onValue={setRange}
        />
      }
    >
      {problem && shown && <Problem of={problem} />}
      {!shown && <Waiting problem={problem} />}
      {shown && plans.length === 0 && (
        <Empty title="Nothing measured yet">The curves begin as soon as it runs and gets requests.</Empty>
      )}
      <div class="charts">
        {shown && plans.map((plan) => <Chart key={plan.title} plan={plan} history={shown} />)}
      </div>
    </Panel>
  );
}

function Chart({ plan, history }: { readonly plan: ChartPlan; readonly history: History }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | undefined>(undefined);
  const latest = useRef(history);
  latest.current = history;
  const [pointed, setPointed] = useState<number | null>(null);
  const isDark = useStore(dark, (value) => value);
  // Which curves there are, and the colours, are fixed when it is made.
  const shape = `${plan.curves.map(({ measure }) => measure).join()} ${isDark}`;
  useEffect(() => {
    let ended = false;
    void import('./plot.ts').then(({ Plot }) => {
      if (ended || !box.current) return;
      plot.current = new Plot(box.current, plan, setPointed);
      plot.current.show(latest.current);
    });
    return () => {
      ended = true;
      plot.current?.end();
      plot.current = undefined;
    };
  }, [shape]);
  useEffect(() => plot.current?.show(history), [history]);
  return (
    <figure class="chart">
      <figcaption>
        <span class="chart-title">{plan.title}</span>
        {pointed !== null && <span class="muted">{timeAt(history, pointed)}</span>}
        <span class="legend">
          {plan.curves.map(({ measure, label, color }) => (
            <span key={measure}>
              <i class={`swatch c${color}`} />
              {label} <b>{plan.format(valueAt(history.measures[measure], pointed))}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <div class="plot" ref={box} role="img" aria-label={chartInWords(history, plan)} />
    </figure>
  );
}

/** At the place of the pointer, else the newest that is known. */
function valueAt(points: readonly (number | null)[] | undefined, at: number | null): number | null {
  if (at !== null) return points?.[at] ?? null;
  return points?.findLast((point) => point !== null) ?? null;
}

function timeAt({ from, stepMs, range }: History, at: number): string {
  const time = new Date(from + at * stepMs).toISOString();
  return range === '7d' ? `${formatDay(time)} ${formatClock(time)}` : formatClock(time);
}
