/** The small curve in a row: the last points of one number. */

/** As many as a sparkline shows. */
export const SPARK_POINTS = 60;

/** `n` values that stand for all points: of each stretch the largest, so that no peak is lost. */
export function thinned(points: readonly (number | null)[], n: number): readonly (number | null)[] {
  if (points.length <= n) return points;
  const size = points.length / n;
  return Array.from({ length: n }, (_, i) => {
    const stretch = points.slice(
      Math.floor(i * size),
      Math.max(Math.floor((i + 1) * size), Math.floor(i * size) + 1),
    );
    const known = stretch.filter((point) => point !== null);
    return known.length === 0 ? null : Math.max(...known);
  });
}

/** The `d` of an SVG path in a box from 0,0; the newest point is at the right edge. Gaps stay gaps. */
export function sparkPath(points: readonly (number | null)[], width: number, height: number): string {
  const most = Math.max(...points.map((point) => point ?? 0), 1e-9);
  const step = width / (SPARK_POINTS - 1);
  const from = SPARK_POINTS - points.length;
  let path = '';
  let pen = false;
  points.forEach((point, n) => {
    if (point === null) {
      pen = false;
      return;
    }
    const x = ((from + n) * step).toFixed(1);
    const y = (height - 1 - (point / most) * (height - 2)).toFixed(1);
    path += `${pen ? 'L' : 'M'}${x} ${y}`;
    pen = true;
  });
  return path;
}
