/** What happens after an exit: again at once, again after a pause, or not again. A script of sh(1), which runsv starts. */
import type { AppPlan, RestartPlan } from '../../config/plan.ts';

/** In the service's directory; `$1` is the exit code, -1 after a signal. */
export function finish({ restart, stop }: AppPlan): string[] {
  return [
    ...(stop.ends === 'tree'
      ? ['# What it has started ends with it.', 'kill -KILL "-$(cat supervise/group)" 2>/dev/null', '']
      : []),
    'wanted_down() { grep -q want supervise/stat; }',
    '',
    '# runsv must have heard of it before this ends, or it would start the app once more.',
    'stop() {',
    '  echo "$1: not started again until \\`sv up\\`"',
    '  rm -f supervise/crashes supervise/row',
    '  # It may have been told to exit meanwhile, which `down` would take back.',
    '  wanted_down || sv down .',
    '  until wanted_down; do sleep 0.1; done',
    '  exit 0',
    '}',
    '',
    '# Somebody asked for this end: it is no crash.',
    'if wanted_down || [ -e supervise/asked ]; then rm -f supervise/asked supervise/row; exit 0; fi',
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
