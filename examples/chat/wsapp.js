// The plain WebSocket endpoint, without Socket.IO: text messages are JSON { type, text }, binary ones come back.
//   echo       the sender gets the text back
//   clock      the sender gets the time every second; the same message again stops it
//   broadcast  everybody at /wsapp/ gets the text, on every instance
import { WebSocketServer } from 'ws';

const PING_MS = 30_000;
const SERVICE_RESTART = 1012;

export function createWsApp({ bus, instance }) {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 16 * 1024 * 1024 });
  const say = (socket, message) => socket.send(JSON.stringify({ instance, ...message }));

  function sayToAll(message) {
    for (const socket of sockets.clients) say(socket, message);
  }
  bus.on('message:wsapp', sayToAll);

  sockets.on('connection', (socket) => {
    let clock;
    let alive = true;
    const ping = setInterval(() => {
      if (!alive) return socket.terminate();
      alive = false;
      socket.ping();
    }, PING_MS);

    const answers = {
      echo: (text) => say(socket, { type: 'echo', text }),
      broadcast(text) {
        const message = { type: 'broadcast', text, instance };
        sayToAll(message);
        bus.publish('wsapp', message);
      },
      clock() {
        if (clock) {
          clearInterval(clock);
          clock = undefined;
          return say(socket, { type: 'clock', text: 'stopped' });
        }
        const tick = () => say(socket, { type: 'clock', text: new Date().toISOString() });
        clock = setInterval(tick, 1000);
        tick();
      },
    };

    say(socket, { type: 'welcome', text: `Connected to ${instance}` });
    socket.on('pong', () => {
      alive = true;
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      clearInterval(ping);
      clearInterval(clock);
    });
    socket.on('message', (data, isBinary) => {
      if (isBinary) return socket.send(data);
      const { type, text } = parse(data);
      if (Object.hasOwn(answers, type)) answers[type](text);
      else say(socket, { type: 'error', text: 'Send JSON such as {"type":"echo","text":"hi"}' });
    });
  });

  return {
    handleUpgrade(request, socket, head) {
      sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request));
    },
    close() {
      for (const socket of sockets.clients) socket.close(SERVICE_RESTART, 'Restarting');
      setTimeout(() => sockets.clients.forEach((socket) => void socket.terminate()), 2000).unref();
    },
  };
}

/** What comes from a client may be anything; what comes out of here is two strings. */
function parse(data) {
  try {
    const { type, text = '' } = JSON.parse(data.toString());
    return typeof type === 'string' && typeof text === 'string' ? { type, text } : { type: '' };
  } catch {
    return { type: '' };
  }
}
