/**
 * The syslog of this machine (`/dev/log`). Node has no datagram sockets of this kind, so logger(1) of util-linux writes to it:
 * one process for each instance, since it sends all that it reads under one name.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { LogLine } from '../log-line.ts';
import type { Sender } from './line.ts';
import { syslogMessage } from './syslog.ts';

/** It takes the time when it is told, which is about now. */
const MESSAGE_BYTES = 8192;

export class UnixSender implements Sender {
  readonly settleMs = 1000;
  readonly #path: string;
  readonly #onBroken: () => void;
  readonly #loggers = new Map<string, ChildProcess>();

  constructor(path: string, onBroken: () => void) {
    this.#path = path;
    this.#onBroken = onBroken;
  }

  async send(lines: readonly LogLine[]): Promise<number> {
    const byInstance = new Map<string, string[]>();
    for (const line of lines) {
      const [priority = ''] = /^<\d+>/.exec(syslogMessage(line, '')) ?? [];
      const known = byInstance.get(line.instance) ?? [];
      byInstance.set(line.instance, known);
      known.push(`${priority}${line.text}\n`);
    }
    await Promise.all([...byInstance].map(([instance, texts]) => this.#write(instance, texts.join(''))));
    return 0;
  }

  close(): void {
    for (const logger of this.#loggers.values()) logger.stdin?.end();
    this.#loggers.clear();
  }

  #write(instance: string, text: string): Promise<void> {
    const logger = this.#loggers.get(instance) ?? this.#start(instance);
    return new Promise((resolve, reject) => {
      logger.once('error', reject);
      logger.stdin?.write(text, (error) => {
        logger.off('error', reject);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  #start(instance: string): ChildProcess {
    const args = ['--socket', this.#path, '--socket-errors=on', '--prio-prefix', '--tag', instance];
    const logger = spawn('logger', [...args, '--size', String(MESSAGE_BYTES)], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#loggers.set(instance, logger);
    logger.stdin?.on('error', () => undefined);
    const gone = () => {
      if (this.#loggers.get(instance) !== logger) return;
      this.#loggers.delete(instance);
      this.#onBroken();
    };
    logger.once('error', gone);
    logger.once('exit', gone);
    return logger;
  }
}
