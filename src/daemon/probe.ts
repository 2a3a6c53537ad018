/**
 * Asks a program how it is: over HTTP, by connecting, or with a command. The answer is null when it is well, else what was
 * wrong, for people.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { formatDuration } from '../kit/units.ts';
import type { LaunchSpec } from '../launch/spec.ts';

export type Problem = string | null;

/** Where it is asked. */
export type Place =
  | { readonly kind: 'socket'; readonly path: string; readonly tls: boolean }
  | { readonly kind: 'port'; readonly port: number; readonly tls: boolean };

/** Any 2xx or 3xx is well: one that redirects to HTTPS or to a login works. */
export function probeHttp(place: Place, path: string, timeoutMs: number): Promise<Problem> {
  const what = `GET ${path}`;
  return new Promise((resolve) => {
    const request = (place.tls ? https : http).request({
      ...(place.kind === 'socket' ? { socketPath: place.path } : { host: '127.0.0.1', port: place.port }),
      path,
      agent: false,
      // It is asked for its health, not for its name.
      ...(place.tls && { rejectUnauthorized: false }),
      headers: { Host: 'localhost', 'User-Agent': 'holdfast-health', Connection: 'close' },
    });
    const end = (problem: Problem) => {
      clearTimeout(timer);
      resolve(problem);
    };
    const timer = setTimeout(() => {
      end(`${what} had no answer within ${formatDuration(timeoutMs)}`);
      request.destroy();
    }, timeoutMs);
    request.on('error', (error) => end(`${what}: ${error.message}`));
    request.on('response', (response) => {
      const status = response.statusCode ?? 0;
      // What it says beyond that is not read to its end if it does not end.
      response.on('error', () => undefined);
      response.resume();
      setTimeout(() => request.destroy(), timeoutMs).unref();
      end(status >= 200 && status < 400 ? null : `${what} answered ${status}`);
    });
    request.end();
  });
}

export function probeTcp(port: number, timeoutMs: number): Promise<Problem> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port });
    const end = (problem: Problem) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(problem);
    };
    const timer = setTimeout(
      () => end(`port ${port} did not accept a connection within ${formatDuration(timeoutMs)}`),
      timeoutMs,
    );
    socket.on('connect', () => end(null));
    socket.on('error', (error) => end(`port ${port}: ${error.message}`));
  });
}

/** What it wrote last is a part of the problem. */
const TAIL_CHARS = 2000;

/** Well is exit code 0. What the command has started ends with it. */
export function probeCommand(spec: LaunchSpec, name: string, timeoutMs: number): Promise<Problem> {
  return new Promise((resolve) => {
    const { cwd, env } = spec;
    const child: ChildProcess = spawn(spec.file, [...spec.args], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let said = '';
    // Without a descriptor to spare it has no pipes; the error follows.
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-TAIL_CHARS);
      });
    }
    const end = (problem: Problem) => {
      clearTimeout(timer);
      if (child.pid !== undefined) endGroup(child.pid);
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve(problem);
    };
    const timer = setTimeout(
      () => end(`\`${name}\` did not end within ${formatDuration(timeoutMs)}`),
      timeoutMs,
    );
    child.on('error', (error) => end(`\`${name}\`: ${error.message}`));
    child.on('exit', (code, signal) => {
      const last = said.trimEnd().split('\n').at(-1) ?? '';
      const how = signal ? `was killed by ${signal}` : `exited with code ${code}`;
      // Its last words may come after its exit.
      setImmediate(() => end(code === 0 ? null : `\`${name}\` ${how}${last && `: ${last}`}`));
    });
  });
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}
