/** What `hold pm2` says of itself. */

export const help = `
usage: hold pm2 <command> [options]        the words of PM2, on Holdfast

  start <script|file|name>   run a script, an ecosystem file, or a stopped app
  stop, restart, reload, delete <id|name|namespace|all|/regex/|file>
  scale <name> <4|+1|-1>     change the number of instances
  startOrRestart, startOrReload <file>
  ls, jlist, prettylist      what runs: for people, as JSON, for grep
  describe <id|name>         one process in full
  logs [name]                what apps print  (--lines 100 --err --nostream --json)
  env, id, pid, reset, sendSignal <SIG> <name>, send <id> <line>
  flush, reloadLogs          empty the log files; open them anew
  startup, unstartup         start at boot, or not
  kill                       end everything, and the daemon
  monit                      a live view
  ecosystem                  write an ecosystem.config.js to begin with

Often used with start:
  -n <name>  -i <n|max>  --watch  --cwd <dir>  --env production  --update-env
  --max-memory-restart 300M  --wait-ready  --no-autorestart  --cron-restart "0 4 * * *"
  -- <arguments of the script>

What is different from PM2, and why: docs/moving-from-pm2.md
With your settings as a file of Holdfast: hold import pm2 ecosystem.config.js
`.trim();

export const examples = `
  hold pm2 start app.js                        one process
  hold pm2 start app.js -i max                 one on each core, sharing the port
  hold pm2 start app.js -n api -- --port 80    a name; arguments of the script
  hold pm2 start ecosystem.config.js           all apps of a file
  hold pm2 start ecosystem.config.js --only api --env production
  hold pm2 reload api                          new processes, no request lost
  hold pm2 restart api --update-env            with the variables of this shell
  hold pm2 logs api --lines 100                what it prints
  hold pm2 stop /worker-.*/                    by a pattern
  hold pm2 startup                             how it starts at boot
`.trim();

export const ecosystemExample = `module.exports = {
  apps: [
    {
      name: 'api',
      script: 'app.js',
      instances: 1,
      watch: false,
      max_memory_restart: '500M',
      env: { NODE_ENV: 'development' },
      env_production: { NODE_ENV: 'production' },
    },
  ],
};
`;
