// The panel for the plain WebSocket at /wsapp/: what the browser has built in, without Socket.IO.
import { append, byId, chip, element } from './elements.js';

const log = byId('ws-log');
const status = byId('ws-status');
const clock = byId('ws-clock');
let socket;
let delay = 250;

connect();

function connect() {
  socket = new WebSocket(new URL('wsapp/', location.href.replace(/^http/, 'ws')));
  socket.addEventListener('message', ({ data }) => receive(JSON.parse(data)));
  socket.addEventListener('close', ({ code }) => {
    // 1012: the server restarts; it says so instead of leaving a dead line.
    status.textContent = code === 1012 ? 'The instance restarts; connecting again …' : 'Connecting again …';
    clock.setAttribute('aria-pressed', 'false');
    setTimeout(connect, delay);
    delay = Math.min(delay * 2, 4000);
  });
}

function receive({ type, text, instance }) {
  if (type === 'welcome') {
    delay = 250;
    status.replaceChildren('Connected to ', chip(instance));
    return;
  }
  if (type === 'clock') clock.setAttribute('aria-pressed', String(text !== 'stopped'));
  const origin = type === 'broadcast' ? [' ', chip(instance)] : [];
  append(log, element('div', {}, element('span', { className: 'kind' }, `${type} `), text, ...origin));
  while (log.children.length > 100) log.firstChild.remove();
}

byId('ws-form').addEventListener('submit', (event) => {
  event.preventDefault();
  if (socket.readyState !== WebSocket.OPEN) return;
  socket.send(JSON.stringify({ type: event.submitter?.value ?? 'echo', text: byId('ws-text').value }));
});
