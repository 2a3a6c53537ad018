/** In which groups the help shows the commands. */

/** What an app needs from its first day on: what `hold` alone shows. */
export const everyday: readonly (readonly [title: string, commands: readonly string[]])[] = [
  ['Run', ['start', 'up', 'reload', 'stop']],
  ['Look', ['ls', 'top', 'logs', 'crashes']],
  ['Release', ['deploy', 'rollback']],
];

/** All of them; a command that is named nowhere is under "More". */
export const groups: typeof everyday = [
  ['Run', ['start', 'up', 'down', 'stop', 'restart', 'reload', 'scale', 'delete', 'reset', 'signal', 'send']],
  ['Run in the foreground', ['run', 'run-all', 'proxy']],
  [
    'Look',
    ['ls', 'show', 'top', 'open', 'logs', 'events', 'crashes', 'traffic', 'egress', 'profile', 'doctor'],
  ],
  ['Release', ['deploy', 'releases', 'rollback', 'env', 'packages', 'host', 'receive']],
  ['Sites', ['pause', 'resume', 'cache', 'hash-password', 'notify']],
  ['This machine', ['boot', 'upgrade', 'completion', 'man']],
  ['From and to other tools', ['import', 'export', 'pm2', 'forever']],
];
