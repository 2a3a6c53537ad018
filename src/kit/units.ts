/** Durations and sizes as people write them, to numbers and back. */

const durationMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const sizeBytes = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 } as const;

/** Milliseconds of `'100ms'`, `'10s'`, `'5m'`, `'1.5h'`, `'2d'`, `'1h 30m'`; undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim();
  if (!/^\d+(\.\d+)?(ms|[smhd])(\s*\d+(\.\d+)?(ms|[smhd]))*$/.test(trimmed)) return undefined;
  let total = 0;
  for (const [, amount, unit] of trimmed.matchAll(/([\d.]+)(ms|[smhd])/g)) {
    total += Number(amount) * durationMs[unit as keyof typeof durationMs];
  }
  return wholeNumber(total);
}

/** Bytes of `'512MB'`, `'10KB'`, `'1.5 GB'`, `'100B'` (steps of 1024, any case); undefined when it is no size. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([KMGT]?B)$/.exec(text.trim().toUpperCase());
  if (!match) return undefined;
  return wholeNumber(Number(match[1]) * sizeBytes[match[2] as keyof typeof sizeBytes]);
}

/** For people, the two largest units: `'850ms'`, `'4.2s'`, `'12s'`, `'4m 12s'`, `'3d 2h'`. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 1000) return `${Math.floor(ms)}ms`;
  if (ms < 10_000) return `${Math.floor(ms / 100) / 10}s`;
  const units = ['d', 'h', 'm', 's'] as const;
  const first = units.find((unit) => ms >= durationMs[unit]) ?? 's';
  const whole = Math.floor(ms / durationMs[first]);
  const second = units[units.indexOf(first) + 1];
  if (second === undefined) return `${whole}s`;
  const rest = Math.floor((ms % durationMs[first]) / durationMs[second]);
  return rest === 0 ? `${whole}${first}` : `${whole}${first} ${rest}${second}`;
}

/** For people, in steps of 1024: `'512 B'`, `'1.4 KB'`, `'62 MB'`. */
export function formatBytes(bytes: number): string {
  const units = Object.entries(sizeBytes).reverse();
  const [unit, size] = units.find(([, step]) => bytes >= step * 0.9995) ?? ['B', 1];
  const amount = bytes / size;
  return `${amount < 9.95 ? trimZero(amount.toFixed(1)) : Math.round(amount)} ${unit}`;
}

function wholeNumber(value: number): number | undefined {
  const rounded = Math.round(value);
  return Number.isSafeInteger(rounded) ? rounded : undefined;
}

function trimZero(text: string): string {
  return text.replace(/\.0$/, '');
}
