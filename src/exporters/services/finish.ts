/** What happens after an exit: again at once, again after a pause, or not again. A script of sh(1), which runsv or s6-supervise starts. */
import type { AppPlan, RestartPlan } from '../../config/plan.ts';

/** What differs between runsv(8) and s6-supervise. Both run `finish` in the directory of the service. */
export interface Words {
  /** Its process group, as the shell has it. */
  readonly group: string;
  /** Succeeds when a person has said that it shall be down. */
  readonly wantedDown: string;
  /** After this it is not started again. */
  readonly stop: readonly string[];
  /** A file that says that this end was asked for; null: nobody can know. */
  readonly asked: string | null;
  readonly up: string;
}

/** `$1` is the exit code. */
export function finish({ restart, stop }: AppPlan, words: Words): string[] {
  const { asked } = words;
  return [
    ...(stop.ends === 'tree'
      ? ['# What it has started ends with it.', `kill -KILL "-${words.group}" 2>/dev/null`, '']
      : []),
    `wanted_down() { ${words.wantedDown}; }`,
    '',
    'stop() {',
    `  echo "$1: not started again until ${words.up}"`,
    '  rm -f supervise/crashes supervise/row',
    ...words.stop.map((line) => `  ${line}`),
    '}',
    '',
    '# Somebody asked for this end: it is no crash.',
    asked === null
      ? 'if wanted_down; then rm -f supervise/row; exit 0; fi'
      : `if wanted_down || [ -e ${asked} ]; then rm -f ${asked} supervise/row; exit 0; fi`,
    '',
    ...(restart.when === 'never' ? ['stop "Ended with $1"'] : [...done(restart), ...again(restart)]),
  ];
}

function done({ when, stopCodes }: RestartPlan): string[] {
  const codes = [...new Set([...(when === 'on-failure' ? [0] : []), ...stopCodes])];
  return codes.length === 0 ? [] : [`case $1 in ${codes.join('|')}) stop "Done, with $1" ;; esac`, ''];
}

function again(restart: RestartPlan): string[] {
  const { minUptimeMs, early, delayMs, backoffMinMs, backoffMaxMs, giveUp } = restart;
  const { crashes, withinMs } = giveUp;
  return [
    'now=$(date +%s)',
    'lived=$((now - $(cat supervise/started)))',
    ...(early === 'give-up'
      ? [`[ $lived -ge ${seconds(minUptimeMs)} ] || stop "Ended with $1 after $lived s"`]
      : []),
    '',
    `# The last ${crashes} ends: when all of them are of the last ${seconds(withinMs)} s, that is enough.`,
    `{ tail -n ${crashes - 1} supervise/crashes 2>/dev/null; echo "$now"; } >supervise/crashes.new`,
    'mv supervise/crashes.new supervise/crashes',
    `if [ "$(wc -l <supervise/crashes)" -ge ${crashes} ] && [ $((now - $(head -n 1 supervise/crashes))) -le ${seconds(withinMs)} ]; then`,
    `  stop "Given up after ${crashes} ends within ${seconds(withinMs)} s"`,
    'fi',
    '',
    '# The pause, in ms: it doubles for one that does not stay up.',
    'row=$(cat supervise/row 2>/dev/null || echo 0)',
    `if [ $lived -ge ${seconds(minUptimeMs)} ]; then row=0; else row=$((row + 1)); fi`,
    'echo $row >supervise/row',
    `pause=${Math.ceil(backoffMinMs)} n=1`,
    `while [ $n -lt $row ] && [ $pause -lt ${Math.ceil(backoffMaxMs)} ]; do pause=$((pause * 2)) n=$((n + 1)); done`,
    `[ $pause -le ${Math.ceil(backoffMaxMs)} ] || pause=${Math.ceil(backoffMaxMs)}`,
    '[ $row -gt 0 ] || pause=0',
    `pause=$((pause + ${Math.ceil(delayMs)}))`,
    'while [ $pause -gt 1000 ] && ! wanted_down; do sleep 1; pause=$((pause - 1000)); done',
    'wanted_down || sleep "$(printf \'%d.%03d\' $((pause / 1000)) $((pause % 1000)))"',
  ];
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
