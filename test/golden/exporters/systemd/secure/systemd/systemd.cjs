// Written by `hold export systemd`: what Node does not know of systemd.
'use strict';
const { spawn } = require('node:child_process');
const net = require('node:net');

const { env, pid } = process;
// What it starts inherits all this, but none of it is meant for that.
env.HOLDFAST_SYSTEMD_PID ??= String(pid);
const isMain = env.HOLDFAST_SYSTEMD_PID === String(pid);
let holdsSocket = env.LISTEN_PID === String(pid) && env.LISTEN_FDS === '1';
const watchdogMs = env.WATCHDOG_PID === String(pid) ? Number(env.WATCHDOG_USEC) / 1000 : 0;

let helper;
function tell(message) {
  if (!env.NOTIFY_SOCKET) return;
  if (!helper) {
    const script = 'while read -r message; do systemd-notify "$message"; done';
    helper = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'] });
    helper.on('error', () => {});
    helper.stdin.on('error', () => {});
    helper.unref();
    helper.stdin.unref();
  }
  helper.stdin.write(message + '\n');
}

if (isMain) {
  const { listen } = net.Server.prototype;
  const ready = () => env.HOLDFAST_READY === 'listen' && tell('READY=1');
  net.Server.prototype.listen = function (...args) {
    const [first] = args;
    const options = typeof first === 'object' && first !== null ? first : { port: first };
    this.once('listening', ready);
    if (!holdsSocket || options.path || String(options.port) !== env.PORT) return listen.apply(this, args);
    holdsSocket = false;
    const callback = args.filter((arg) => typeof arg === 'function');
    const { backlog, signal } = options;
    return listen.call(this, { fd: 3, ...(backlog && { backlog }), ...(signal && { signal }) }, ...callback);
  };
}
if (isMain && watchdogMs > 0) {
  const alive = () => tell('WATCHDOG=1');
  alive();
  setInterval(alive, watchdogMs / 3).unref();
}
