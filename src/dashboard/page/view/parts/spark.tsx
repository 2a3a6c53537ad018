/** Requests per second of the last hour, as a small curve. Loaded when its row is seen, two at a time, and again each minute. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { History } from '../../../../protocol/history.ts';
import { SPARK_POINTS, sparkPath, thinned } from '../../model/spark.ts';
import { address, get } from '../api.ts';
import { memo } from './memo.ts';

type Points = readonly (number | null)[];

const AGAIN_MS = 60_000;
const known = new Map<string, { readonly points: Points; readonly at: number }>();
const waiting: (() => Promise<void>)[] = [];
let working = 0;

export const Spark = memo(function Spark({ series }: { readonly series: string }) {
  const box = useRef<HTMLSpanElement>(null);
  const [points, setPoints] = useState<Points>(known.get(series)?.points ?? []);
  useEffect(() => {
    let seen = false;
    let mounted = true;
    const refresh = () => {
      if (!seen || document.hidden) return;
      void pointsOf(series).then((fresh) => mounted && setPoints(fresh));
    };
    const watcher = new IntersectionObserver((entries) => {
      seen = entries.some((entry) => entry.isIntersecting);
      refresh();
    });
    if (box.current) watcher.observe(box.current);
    const timer = window.setInterval(refresh, AGAIN_MS);
    return () => {
      mounted = false;
      watcher.disconnect();
      window.clearInterval(timer);
    };
  }, [series]);
  return (
    <span class="spark" ref={box} aria-hidden="true">
      <svg viewBox="0 0 90 20" preserveAspectRatio="none" aria-hidden="true">
        <path d={sparkPath(points, 90, 20)} vector-effect="non-scaling-stroke" />
      </svg>
    </span>
  );
});

async function pointsOf(series: string): Promise<Points> {
  const before = known.get(series);
  if (before && Date.now() - before.at < AGAIN_MS / 2) return before.points;
  return new Promise((resolve) => {
    waiting.push(async () => {
      const points = await get<History>(address('history', { series, range: '1h' })).then(
        ({ measures }) => thinned(measures.requestsPerSecond ?? [], SPARK_POINTS),
        () => before?.points ?? [], // a curve that is missing is no reason for a message
      );
      known.set(series, { points, at: Date.now() });
      resolve(points);
    });
    work();
  });
}

function work(): void {
  if (working >= 2) return;
  const next = waiting.shift();
  if (!next) return;
  working++;
  void next().finally(() => {
    working--;
    work();
  });
}
