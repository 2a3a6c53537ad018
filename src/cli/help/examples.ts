/** Two or three examples of each command: for its help and the manual. A test parses them. */

/** What is typed, and what it does where that is not plain. */
export type Example = readonly [line: string, note?: string];

/** By the words of the command behind `hold`. */
const examples: Readonly<Record<string, readonly Example[]>> = {
  start: [
    ['hold start server.js -n web -i max -p 3000', 'one on each core'],
    ['hold start server.js -- --verbose', '--verbose is for server.js'],
    ['hold start report.js --cron "0 6 * * *"', 'a job, every day at six'],
  ],
  up: [
    ['hold up --plan', 'what would change'],
    ['hold up -f staging.config.ts', 'another file than the one here'],
  ],
  down: [['hold down', 'everything off'], ['hold down --json']],
  ls: [
    ['hold ls -a', 'every instance'],
    ['hold ls --watch', 'looks again every second'],
    ['hold ls production', 'on the hosts of this deploy target'],
  ],
  show: [['hold show web'], ['hold show web -t production', 'on each host of this deploy target']],
  stop: [
    ['hold stop web.1', 'one instance'],
    ['hold stop all'],
    ["hold stop '/^job-/'", 'those whose names match'],
  ],
  restart: [
    ['hold restart web'],
    ['hold restart web -e LOG_LEVEL=debug', 'with another variable'],
    ['hold restart all --update-env', "with this shell's environment"],
  ],
  reload: [['hold reload web'], ['hold reload all']],
  scale: [
    ['hold scale web 4'],
    ['hold scale web +1', 'one more'],
    ['hold scale web max', 'one on each core'],
  ],
  deploy: [
    ['hold deploy', 'the newest commit, on this machine'],
    ['hold deploy production', 'on the hosts of this target, over ssh'],
    ['hold deploy --from app-1.4.0.tgz', 'what `npm pack` has made'],
  ],
  releases: [
    ['hold releases', 'what has been deployed, the newest first'],
    ['hold releases show', 'the newest: its steps, and what failed'],
    ['hold releases show 3f2a91c build', 'all that this step said'],
  ],
  'releases show': [
    ['hold releases show', 'the newest'],
    ['hold releases show 3f2a91c build', 'all that this step said'],
  ],
  rollback: [
    ['hold rollback', 'the release that served before'],
    ['hold rollback 3f2a91c', 'the one that was made of this commit'],
    ['hold rollback --target production', 'on all hosts of this target'],
  ],
  host: [
    ['hold host prepare deploy@app1', 'Node and Holdfast on a fresh server'],
    ['hold host push-url production', 'then: git push holdfast main'],
  ],
  'host prepare': [
    ['hold host prepare deploy@app1 --check', 'only look'],
    ['hold host prepare deploy@app1 --boot', 'and start with the machine'],
  ],
  'host push-url': [
    ['hold host push-url production', 'then: git push holdfast main'],
    ['hold host push-url production --branch release'],
  ],
  packages: [
    ['hold packages --outdated', 'what there are newer versions of'],
    ['hold packages --vulnerable', 'exit code 1 when there are any'],
  ],
  env: [
    ['hold env set DATABASE_URL --reload', 'asks for the value'],
    ['hold env import .env --target production'],
    ['hold env diff here production', 'which names differ, without values'],
  ],
  'env set': [
    ['hold env set DATABASE_URL --reload', 'asks for the value, and reloads'],
    ['hold env set TLS_KEY < key.pem', 'the value is the whole file'],
    ['pass show shop/env | hold env set --stdin'],
  ],
  'env import': [['hold env import .env'], ['hold env import .env --target production']],
  'env rm': [['hold env rm OLD_TOKEN --reload'], ['hold env rm OLD_TOKEN --app web']],
  'env ls': [['hold env ls'], ['hold env ls --target production']],
  'env get': [
    ['hold env get DATABASE_URL --reveal', 'prints it'],
    ['hold env get DATABASE_URL --reveal --app web'],
  ],
  'env diff': [['hold env diff here production'], ['hold env diff staging production']],
  'env rotate-key': [
    ['hold env rotate-key', 'everything is encrypted anew'],
    ['hold env rotate-key --json', 'which projects'],
  ],
  delete: [['hold delete web'], ["hold delete '/^job-/'", 'those whose names match']],
  run: [
    ['hold run web -- npx prisma migrate deploy'],
    ['hold run web -- node', 'a REPL with its environment'],
    ['hold run report', 'a job, now'],
  ],
  'run-all': [
    ['hold run-all --health 8099', '/healthz and /readyz on this port'],
    ['hold run-all --plain', 'lines instead of JSON'],
  ],
  signal: [
    ['hold signal HUP web', 'read settings anew'],
    ['hold signal SIGUSR2 web.1', 'one instance'],
  ],
  send: [['hold send console "reload maps"'], ['hold send web.1 stats', 'to one instance']],
  reset: [['hold reset web'], ['hold reset all']],
  pause: [['hold pause example.com'], ['hold pause example.com --max-wait 2m']],
  resume: [['hold resume example.com'], ["hold resume '*.example.com'"]],
  cache: [['hold cache clear example.com'], ['hold cache clear all']],
  'cache clear': [['hold cache clear example.com'], ['hold cache clear all']],
  logs: [
    ['hold logs web -f', 'what it prints now'],
    ['hold logs --since 10m --err', 'stderr of all'],
    ['hold logs web --grep "timeout|refused" -i'],
  ],
  events: [
    ['hold events -f', 'what happens now'],
    ['hold events web --since today'],
    ['hold events --audit', 'who asked for what'],
  ],
  crashes: [
    ['hold crashes --last', 'only the newest'],
    ['hold crashes web --json', 'every record that is kept'],
  ],
  profile: [
    ['hold profile web', 'CPU, for 10 seconds'],
    ['hold profile web.1 --heap', 'what is in its memory'],
    ['hold profile web --cpu 30s -o web.cpuprofile'],
  ],
  open: [
    ['hold open', 'the dashboard, in your browser'],
    ['hold open production', 'the one of a server, through ssh'],
    ['hold open --close', 'log everybody out, and end it'],
  ],
  top: [
    ['hold top', '`?` shows the keys, `q` ends it'],
    ['hold top --json', 'events, one a line'],
  ],
  traffic: [['hold traffic'], ['hold traffic example.com --watch']],
  notify: [['hold notify test', 'all that are in force'], ['hold notify test https://example.com/hook']],
  'notify test': [
    ['hold notify test', 'all that are in force'],
    ['hold notify test https://example.com/hook'],
  ],
  'hash-password': [['hold hash-password', 'asks for it'], ['pass show shop/admin | hold hash-password']],
  egress: [['hold egress'], ['hold egress web --json']],
  proxy: [
    ['hold proxy --allow registry.npmjs.org:443 -p 3128'],
    ['hold proxy --observe', 'what does it connect to?'],
  ],
  upgrade: [['hold upgrade', 'after npm install -g holdfast@latest'], ['hold upgrade --json']],
  boot: [['hold boot enable --dry-run', 'what would be written'], ['hold boot enable'], ['hold boot status']],
  'boot enable': [
    ['hold boot enable --dry-run', 'what would be written and run'],
    ['hold boot enable --user deploy', 'as root: for this user'],
  ],
  'boot disable': [['hold boot disable'], ['hold boot disable --json']],
  'boot status': [['hold boot status'], ['hold boot status --json']],
  doctor: [
    ['hold doctor', 'this machine, and the config file here'],
    ['hold doctor /etc/nginx/nginx.conf', 'mistakes in this file'],
  ],
  import: [
    ['hold import pm2 ecosystem.config.js > holdfast.config.ts'],
    ['hold import nginx /etc/nginx/sites-enabled/shop'],
  ],
  export: [
    ['hold export nginx -o out --check', 'nginx looks at what is below out/'],
    ['hold export nginx --install', 'shows, asks, writes to /etc, reloads'],
    ['hold export systemd --user www-data', 'apps without Holdfast'],
  ],
  completion: [
    ['hold completion bash --install', 'for good'],
    ['source <(hold completion bash)', 'in this shell only (bash, zsh)'],
    ['hold completion fish | source', 'in this shell only (fish)'],
  ],
  man: [
    ['hold man', 'everything'],
    ['hold man deploy', 'one command'],
  ],
};

/** @param path of a command, such as `hold env set` */
export function examplesOf(path: string): readonly Example[] {
  const key = path.replace(/^hold /, '');
  return Object.hasOwn(examples, key) ? (examples[key] ?? []) : [];
}

/** Lines with the notes below one another. */
export function exampleTable(all: readonly Example[]): string[] {
  const column = Math.max(...all.map(([line, note]) => (note === undefined ? 0 : line.length)));
  return all.map(([line, note]) => (note === undefined ? line : `${line.padEnd(column)}  ${note}`));
}
