// Written by `hold export systemd`: what Node does not know of systemd.
'use strict';
const { spawn } = require('node:child_process');
const net = require('node:net');
const { isMainThread } = require('node:worker_threads');

const { env, pid } = process;
// What it starts inherits all this, but none of it is meant for that.
env.HOLDFAST_SYSTEMD_PID ??= String(pid);
const isMain = env.HOLDFAST_SYSTEMD_PID === String(pid);
let holdsSocket = env.LISTEN_PID === String(pid) && env.LISTEN_FDS === '1';
// This is loaded into worker threads, too: they run while the main one is blocked.
const isWatched = isMain && isMainThread && env.WATCHDOG_PID === String(pid);
const watchdogUsec = isWatched ? Number(env.WATCHDOG_USEC) : 0;
// It loads, and may block its event loop for longer: until it listens, or at most for this long.
const loadingUsec = Math.max(watchdogUsec, 60e6);

let helper;
function tell(message) {
  if (!env.NOTIFY_SOCKET) return;
  if (!helper) {
    const script = 'while read -r message; do systemd-notify $message; done';
    helper = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'] });
    helper.on('error', () => {});
    helper.once('exit', () => { helper = undefined; });
    helper.stdin.on('error', () => {});
    helper.unref();
    helper.stdin.unref();
  }
  helper.stdin.write(message + '\n');
}

let isLoading = watchdogUsec > 0;
function loaded() {
  if (isLoading) tell('WATCHDOG=1 WATCHDOG_USEC=' + watchdogUsec);
  isLoading = false;
}

if (isMain) {
  const { listen } = net.Server.prototype;
  const listening = () => {
    if (env.HOLDFAST_READY === 'listen') tell('READY=1');
    loaded();
  };
  net.Server.prototype.listen = function (...args) {
    const [first] = args;
    const options = typeof first === 'object' && first !== null ? first : { port: first };
    this.once('listening', listening);
    if (!holdsSocket || options.path || String(options.port) !== env.PORT) return listen.apply(this, args);
    holdsSocket = false;
    const callback = args.filter((arg) => typeof arg === 'function');
    const { backlog, signal } = options;
    return listen.call(this, { fd: 3, ...(backlog && { backlog }), ...(signal && { signal }) }, ...callback);
  };
}
if (watchdogUsec > 0) {
  tell((env.HOLDFAST_READY === 'loaded' ? 'READY=1 ' : '') + 'WATCHDOG_USEC=' + loadingUsec);
  setInterval(tell, watchdogUsec / 3000, 'WATCHDOG=1').unref();
  setTimeout(loaded, loadingUsec / 1000).unref();
}
