/** Holds WebSockets open to a server that echoes, says something on each from time to time, and notes how they end. */
import WebSocket from 'ws';

export interface WebSocketLoadOptions {
  /** Such as `ws://127.0.0.1:3000/`. */
  readonly url: string;
  readonly count?: number;
  /** PEM: the authority that the server's certificate must be signed by. */
  readonly ca?: string;
  /** Time between two messages on one socket; 0 = say nothing. */
  readonly everyMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface WebSocketReport {
  readonly opened: number;
  readonly openNow: number;
  /** Sockets that never opened, by reason. */
  readonly notOpened: Readonly<Record<string, number>>;
  readonly sent: number;
  readonly echoed: number;
  /** Something came back that was not what was said, in the order in which it was said. */
  readonly wrong: number;
  /** Sockets that the other side ended, by close code; 1006 = without a close frame. */
  readonly closes: Readonly<Record<string, number>>;
  /** The same, one by one. */
  readonly closed: readonly { readonly socket: number; readonly code: number; readonly afterMs: number }[];
}

export class WebSocketLoad {
  readonly #options: Required<WebSocketLoadOptions>;
  readonly #sockets: WebSocket[] = [];
  readonly #notOpened: Record<string, number> = {};
  readonly #closed: { socket: number; code: number; afterMs: number }[] = [];
  #opened = 0;
  #sent = 0;
  #echoed = 0;
  #wrong = 0;
  #startedAt = 0;
  #stopping = false;

  constructor(options: WebSocketLoadOptions) {
    this.#options = { count: 10, ca: '', everyMs: 100, headers: {}, ...options };
  }

  /** Resolves when every socket is open or has failed to open. */
  async start(): Promise<void> {
    this.#startedAt = performance.now();
    await Promise.all(Array.from({ length: this.#options.count }, (_, n) => this.#open(n)));
  }

  /** Closes all that are still open, and waits for that. */
  async stop(): Promise<WebSocketReport> {
    const report = this.report();
    this.#stopping = true;
    await Promise.all(this.#sockets.map(close));
    return report;
  }

  report(): WebSocketReport {
    const closes: Record<string, number> = {};
    for (const { code } of this.#closed) closes[code] = (closes[code] ?? 0) + 1;
    return {
      opened: this.#opened,
      openNow: this.#sockets.filter(({ readyState }) => readyState === WebSocket.OPEN).length,
      notOpened: this.#notOpened,
      sent: this.#sent,
      echoed: this.#echoed,
      wrong: this.#wrong,
      closes,
      closed: this.#closed,
    };
  }

  #open(n: number): Promise<void> {
    const { url, headers, ca } = this.#options;
    return new Promise((resolve) => {
      const socket = new WebSocket(url, { headers, handshakeTimeout: 15_000, ...(ca && { ca }) });
      socket.on('open', () => {
        this.#opened += 1;
        this.#sockets.push(socket);
        this.#talk(socket, n);
        resolve();
      });
      socket.on('error', (error) => {
        if (socket.readyState === WebSocket.OPEN || this.#sockets.includes(socket)) return;
        this.#notOpened[error.message] = (this.#notOpened[error.message] ?? 0) + 1;
        resolve();
      });
    });
  }

  #talk(socket: WebSocket, n: number): void {
    const { everyMs } = this.#options;
    const waiting: string[] = [];
    const say = () => {
      if (socket.readyState !== WebSocket.OPEN) return;
      const text = `socket ${n} message ${this.#sent}`;
      waiting.push(text);
      this.#sent += 1;
      socket.send(text);
    };
    socket.on('message', (data) => {
      if (waiting.shift() === String(data)) this.#echoed += 1;
      else this.#wrong += 1;
    });
    const timer = everyMs > 0 ? setInterval(say, everyMs) : undefined;
    socket.on('close', (code) => {
      clearInterval(timer);
      if (this.#stopping) return;
      this.#closed.push({ socket: n, code, afterMs: Math.round(performance.now() - this.#startedAt) });
    });
  }
}

function close(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState === WebSocket.CLOSED) return resolve();
    socket.once('close', () => resolve());
    socket.close(1000);
    // A server that does not answer the close must not hold the test.
    setTimeout(() => socket.terminate(), 2000).unref();
  });
}
