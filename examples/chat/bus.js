// How the instances of one app find each other on one machine and talk, without Redis or any other server.
//
// Every instance listens on a unix socket of its own in a common directory, and connects to all it finds there.
// Whoever comes later connects to those who were there first, and is told their state before it takes visitors.
import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { chmod, lstat, mkdir, readdir, rename, unlink } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { encode, readFrames } from './frames.js';

const HELLO_TIMEOUT_MS = 2000;
const LOOK_AROUND_MS = 2000;
/** An instance that lets so many bytes wait is stuck; it is dropped and met again when it moves. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/** Where the instances meet: one place for each Holdfast home, else one for each user of the machine. */
export function busDirectory(env = process.env) {
  if (env.CHAT_BUS) return env.CHAT_BUS;
  if (env.HOLDFAST_HOME) return join(env.HOLDFAST_HOME, 'run', `${env.HOLDFAST_APP}-bus`);
  return join(tmpdir(), `chat-bus-${userInfo().username}`);
}

/**
 * Emits `join` (id, greeting) and `leave` (id) as others come and go, and `message:<topic>` (content, id) for what they say.
 * Content is anything that the structured clone algorithm takes: plain objects, buffers, dates.
 */
export class Bus extends EventEmitter {
  id = randomBytes(6).toString('hex');
  #directory;
  #greeting;
  #peers = new Map(); // id -> its open sockets; two when both sides dialled at once, then the first is used
  #dialling = new Map(); // id -> promise
  #server = createServer((socket) => this.#talk(socket));
  #timer;
  #closed = false;

  /** @param {{ directory: string, greeting: () => unknown }} options greeting: what a newcomer is told at once */
  constructor({ directory, greeting }) {
    super();
    this.setMaxListeners(0);
    this.#directory = directory;
    this.#greeting = greeting;
  }

  /** How many others are connected. */
  get size() {
    return this.#peers.size;
  }

  /** Resolves when all the instances that are there know this one, and have told it their state. */
  async start() {
    await privateDirectory(this.#directory);
    // Listen under another name first: a socket that is seen but does not answer is taken for a dead one.
    const hidden = join(this.#directory, `.${this.id}`);
    await new Promise((resolve, reject) => this.#server.once('error', reject).listen(hidden, resolve));
    await chmod(hidden, 0o600);
    await rename(hidden, this.#path(this.id));
    await this.#lookAround();
    this.#timer = setInterval(() => this.#lookAround().catch(() => {}), LOOK_AROUND_MS).unref();
  }

  /** Tells all others. */
  publish(topic, content) {
    const frame = encode({ topic, content });
    for (const sockets of this.#peers.values()) write(sockets, frame);
  }

  /** Tells one; does nothing when it is gone. */
  send(id, topic, content) {
    const sockets = this.#peers.get(id);
    if (sockets) write(sockets, encode({ topic, content }));
  }

  /** Says goodbye: what was published is delivered first. */
  async close() {
    this.#closed = true;
    clearInterval(this.#timer);
    await unlink(this.#path(this.id)).catch(() => {});
    this.#server.close();
    const sockets = [...this.#peers.values()].flatMap((open) => [...open]);
    await Promise.all(
      sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve).end().setTimeout(1000))),
    );
  }

  #path(id) {
    return join(this.#directory, `${id}.sock`);
  }

  /** Connects to everybody in the directory whom we do not know yet. */
  async #lookAround() {
    const names = await readdir(this.#directory);
    const ids = names.filter((name) => /^[0-9a-f]{12}\.sock$/.test(name)).map((name) => name.slice(0, 12));
    const strangers = ids.filter((id) => id !== this.id && !this.#peers.has(id));
    await Promise.all(strangers.map((id) => this.#dial(id)));
  }

  #dial(id) {
    if (!this.#dialling.has(id)) {
      const done = new Promise((resolve) => {
        const socket = createConnection(this.#path(id));
        socket.setTimeout(HELLO_TIMEOUT_MS);
        socket.once('error', (error) => {
          if (error.code === 'ECONNREFUSED') unlink(this.#path(id)).catch(() => {}); // it crashed
        });
        socket.once('met', resolve).once('close', resolve);
        this.#talk(socket);
        socket.write(encode({ hello: this.id }));
      });
      this.#dialling.set(
        id,
        done.finally(() => this.#dialling.delete(id)),
      );
    }
    return this.#dialling.get(id);
  }

  /**
   * The one who dials says hello, the other answers. In the same moment as a side gets to know the other, it tells its
   * state: whatever happens after that moment follows as a message, so nothing falls in between.
   */
  #talk(socket) {
    let peer;
    socket.on('error', () => {}); // `close` follows
    socket.on('timeout', () => socket.destroy());
    socket.on('close', () => {
      if (peer) this.#forget(peer, socket);
    });
    readFrames(socket, ({ hello, greeting, topic, content }) => {
      if (hello && !peer) {
        peer = hello;
        this.#remember(peer, socket);
        socket.write(encode({ hello: this.id, greeting: this.#greeting() }));
      }
      if (greeting) {
        socket.setTimeout(0);
        this.emit('join', peer, greeting);
        socket.emit('met');
      }
      if (topic) this.emit(`message:${topic}`, content, peer);
    });
  }

  #remember(id, socket) {
    const known = this.#peers.get(id);
    if (known) known.add(socket);
    else this.#peers.set(id, new Set([socket]));
  }

  #forget(id, socket) {
    const sockets = this.#peers.get(id);
    sockets?.delete(socket);
    if (sockets?.size !== 0) return;
    this.#peers.delete(id);
    this.emit('leave', id);
    if (!this.#closed) this.#lookAround().catch(() => {});
  }
}

function write(sockets, frame) {
  const [socket] = sockets;
  socket.write(frame);
  if (socket.writableLength > MAX_WAITING_BYTES) socket.destroy();
}

/** A directory that only this user can look into: whoever can write there can speak in the chat. */
async function privateDirectory(path) {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const { uid, mode } = await lstat(path);
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0) {
    throw new Error(
      `Cannot meet other instances in "${path}": the directory must be yours alone (chmod 700)`,
    );
  }
}
