/**
 * Settings that people write although this version has none of that name: those that come later, and those that
 * other tools call differently. `*` stands for any one step of a path.
 */

/** What each is for. */
const later: Readonly<Record<string, string>> = {
  deploy: 'deploying',
};

/** Names from PM2, forever, Compose and kamal, and what to write here. */
const elsewhere: Readonly<Record<string, string>> = {
  'apps.*.name': 'the name is the key under apps',
  'apps.*.script': 'write it as run',
  'apps.*.command': 'write it as run',
  'apps.*.cmd': 'write it as run',
  'apps.*.exec': 'write it as run',
  'apps.*.sourceDir': 'write it as cwd',
  'apps.*.workdir': 'write it as cwd',
  'apps.*.directory': 'write it as cwd',
  'apps.*.interpreter': 'write it in run, as "python3 app.py"',
  'apps.*.exec_interpreter': 'write it in run, as "python3 app.py"',
  'apps.*.node_args': 'write them in run, as "node --enable-source-maps server.js"',
  'apps.*.nodeArgs': 'write them in run, as "node --enable-source-maps server.js"',
  'apps.*.exec_mode': 'leave it out: instances share their port without a mode',
  'apps.*.scale': 'write it as instances',
  'apps.*.workers': 'write it as instances',
  'apps.*.replicas': 'write it as instances',
  'apps.*.processes': 'write it as instances',
  'apps.*.environment': 'write it as env',
  'apps.*.kill_timeout': 'write it as stop.timeout',
  'apps.*.killTimeout': 'write it as stop.timeout',
  'apps.*.timeout': 'write it as stop.timeout or readyTimeout',
  'apps.*.signal': 'write it as stop.signal',
  'apps.*.killSignal': 'write it as stop.signal',
  'apps.*.listen_timeout': 'write it as readyTimeout',
  'apps.*.wait_ready': 'write it as ready',
  'apps.*.autorestart': 'write it as restart: "never"',
  'apps.*.max_restarts': 'write it as restart.giveUpAfter.crashes',
  'apps.*.max': 'write it as restart.max, which counts restarts',
  'apps.*.min_uptime': 'write it as restart.minUptime',
  'apps.*.restart_delay': 'write it as restart.delay',
  'apps.*.exp_backoff_restart_delay': 'write it as restart.backoff',
  'apps.*.backoff': 'write it as restart.backoff',
  'apps.*.max_memory_restart': 'write it as memory',
  'apps.*.cron_restart': 'write it as restart.cron',
  'apps.*.out_file': 'write it as log.files.out',
  'apps.*.error_file': 'write it as log.files.err',
  'apps.*.rotate': 'write it as log.rotate',
  'apps.*.stop_exit_codes': 'write it as restart.stopCodes',
  'apps.*.ignore_watch': 'write it as watch.ignore',
  'apps.*.watch_delay': 'write it as watch.debounce',
  'apps.*.increment_var': 'write it as port and portStep',
  'apps.*.shutdown_with_message': 'write it as stop.message',
  'apps.*.treekill': 'write it as stop.ends',
  'apps.*.uid': 'write it as user',
  'apps.*.gid': 'write it as group',
  'apps.*.pid_file': 'write it as pidFile',
  'apps.*.logFile': 'write it as log.files.all',
  'apps.*.outFile': 'write it as log.files.out',
  'apps.*.errFile': 'write it as log.files.err',
  'apps.*.minUptime': 'write it as restart.minUptime',
  'apps.*.spinSleepTime': 'write it as restart.backoff',
  'apps.*.dependsOn': 'write it as after',
  'apps.*.depends_on': 'write it as after',
  'apps.*.schedule': 'write it as cron',
  'apps.*.healthcheck': 'write it as health',
  'apps.*.routes': 'routes belong to sites',
  'apps.*.host': 'hosts belong to sites',
  'sites.*.gzip': 'write it as compress: true',
  'sites.*.root': 'write it as routes: { "/": { files: "public" } }',
  'sites.*.static': 'write it as routes: { "/": { files: "public" } }',
  'sites.*.basicAuth': 'write it as auth: { users }',
  'sites.*.error_page': 'write it as errorPages',
  'sites.*.app': 'write it as routes: { "/": "…" }',
  'sites.*.upstream': 'write it as routes: { "/": "http://host:port" }',
  'sites.*.proxy': 'write it as routes: { "/": "http://host:port" }',
  'sites.*.ssl': 'write it as tls: { cert, key }',
  'sites.*.cert': 'write it as tls: { cert, key }',
  'sites.*.key': 'write it as tls: { cert, key }',
  'listen.port': 'write it as listen.http',
  limits: 'write it as edge.limits',
  trust: 'write it as edge.trust',
  http: 'write it as listen.http',
  port: 'write it as listen.http, or as port of an app',
  servers: 'write it as sites',
  hosts: 'write it as sites',
  services: 'write it as apps',
  processes: 'write it as apps',
};

/** What to say of a setting that does not exist, after its path; undefined when it is known nowhere. */
export function foreignSetting(path: readonly PropertyKey[]): string | undefined {
  const steps = path.map(String);
  const pattern = steps
    .map((step, i) => (i === 1 && (steps[0] === 'apps' || steps[0] === 'sites') ? '*' : step))
    .join('.');
  if (Object.hasOwn(later, pattern))
    return `is not supported by this version: ${later[pattern]} will come later`;
  return Object.hasOwn(elsewhere, pattern) ? `is not a setting: ${elsewhere[pattern]}` : undefined;
}
