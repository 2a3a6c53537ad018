/** What PM2 has and this has not: what to use instead. */

/** By the command's name; each a sentence without a full stop. */
export const instead: Readonly<Record<string, string>> = {
  ...named(
    'plus link unlink register login logout open monitor unmonitor',
    'PM2 Plus is a service of PM2; hold top and hold crashes show what runs and what went wrong',
  ),
  ...named(
    'install uninstall i module:install module:uninstall module:update module:generate module:publish package publish',
    'Modules of PM2 do not run here; rotation of logs is built in',
  ),
  ...named(
    'install-otel uninstall-otel',
    'Use --node-args "--import <your instrumentation>"; hold can forward logs: log.forward',
  ),
  ...named(
    'serve expose',
    'Serve files by your web server, or by a program such as: hold pm2 start "npx serve ."',
  ),
  ...named('deploy', 'Deployment is not there yet: keep using your script, with hold pm2 reload at its end'),
  ...named('pull forward backward', 'Use git, then: hold pm2 reload <name>'),
  ...named(
    'profile:mem profile:cpu profile inspect heapdump',
    'Use node --inspect or --cpu-prof by --node-args; a blocked event loop is found by the setting "watchdog"',
  ),
  ...named(
    'trigger',
    'Actions of PM2 need its library inside the app; hold signal <app> SIGUSR2 reaches an app, too',
  ),
  ...named('attach', 'Use hold pm2 logs <id> and hold pm2 send <id> <line>'),
  ...named(
    'logrotate',
    'Logs are rotated, compressed and capped by themselves; see "log" in the configuration',
  ),
  ...named(
    'web',
    'There is no open port for the list; use hold pm2 jlist, or the control socket in the home directory',
  ),
  ...named('report sysinfos slist', 'Use hold show <app> and hold events'),
  ...named(
    'set get multiset unset conf config',
    'There is nothing to set: what PM2 sets for its modules is part of the configuration here',
  ),
  ...named('completion autoinstall create docker:gen docker:dist', 'There is no such command here'),
};

function named(names: string, text: string): Record<string, string> {
  return Object.fromEntries(names.split(' ').map((name) => [name, text]));
}
