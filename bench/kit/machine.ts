import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** What the figures are measured on, as Markdown; to be asked before the measuring begins. */
export function describeMachine(command: string): string {
  const [cpu] = cpus();
  const gigabytes = Math.round(totalmem() / 1024 ** 3);
  return [
    `- Date: ${new Date().toISOString().slice(0, 10)}`,
    `- Machine: ${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}), ${gigabytes} GB, Linux ${release()}`,
    `- What else ran on it: a load average of ${loadavg()[0]?.toFixed(1)} before the first measurement (0 would be best)`,
    `- Node ${process.versions.node}; the versions of the others are in the tables`,
    `- Command: \`${command}\``,
  ].join('\n');
}

/** The first version number that a program prints, undefined when it cannot be run. */
export function versionOf(command: string, args: readonly string[]): string | undefined {
  try {
    const text = execFileSync('sh', ['-c', '"$0" "$@" 2>&1', command, ...args], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
    });
    return /\d+\.\d+(\.\d+)?/.exec(text)?.[0];
  } catch {
    return undefined;
  }
}
