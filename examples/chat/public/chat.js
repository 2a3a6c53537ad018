// The chat page. `?transport=polling` or `?transport=websocket` limits Socket.IO to one transport, `?name=Ada` sets
// the name.
import { append, byId, chip, element } from './elements.js';
import { io } from './socket.io/socket.io.esm.min.js';

const transports = { auto: ['polling', 'websocket'], polling: ['polling'], websocket: ['websocket'] };
const query = new URLSearchParams(location.search);
const chosen = query.get('transport') in transports ? query.get('transport') : 'auto';

const list = byId('messages');
const nameField = byId('name');
const textField = byId('text');
const served = byId('served');
const shown = new Map(); // message id -> its element
let lastSeen; // id of the newest message from the server
let instance;
let pid;
let wantsOther = 0; // attempts left to reach another instance

nameField.value = query.get('name') ?? sessionStorage.getItem('name') ?? inventName();
sessionStorage.setItem('name', nameField.value);
byId('transport').value = chosen;

// `retries`: a message is sent again until an instance confirms it. So none is lost when an instance goes away.
const socket = io({
  transports: transports[chosen],
  auth: (give) => give({ name: nameField.value, since: lastSeen }),
  retries: 10,
  ackTimeout: 3000,
  reconnectionDelay: 200,
  reconnectionDelayMax: 2000,
});

socket.on('welcome', (welcome) => {
  if (wantsOther > 0 && welcome.instance === instance) {
    wantsOther -= 1;
    socket.disconnect().connect();
    return;
  }
  if (instance && welcome.instance !== instance) {
    notice('You moved to ', chip(welcome.instance), '. Nothing was lost.');
  } else if (pid && welcome.pid !== pid) {
    notice(chip(welcome.instance), ' is a new process now. Nothing was lost.');
  } else if (byId('move').disabled) {
    notice('There seems to be only one instance.');
  }
  wantsOther = 0;
  byId('move').disabled = false;
  ({ instance, pid } = welcome);
  for (const message of welcome.missed) show(message);
  showConnection();
  socket.io.engine.on('upgrade', showConnection);
});

socket.on('message', show);
socket.on('people', showPeople);
socket.on('disconnect', () => {
  served.dataset.state = 'connecting';
  byId('served-text').textContent = 'Reconnecting …';
});

function showConnection() {
  served.dataset.state = 'connected';
  const transport = socket.io.engine.transport.name === 'polling' ? 'polling' : 'WebSocket';
  byId('served-text').replaceChildren('Served by ', chip(instance), ` over ${transport}`);
  served.title = `Process ${pid}`;
  served.dataset.process = pid;
}

byId('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = textField.value.trim();
  if (!text) return;
  const message = { id: newId(), text, name: nameField.value, instance, time: Date.now() };
  show(message, { unsent: true });
  list.scrollTop = list.scrollHeight;
  socket.emit('say', { id: message.id, text });
  textField.value = '';
  textField.focus();
});

nameField.addEventListener('change', () => {
  if (!nameField.value.trim()) nameField.value = inventName();
  sessionStorage.setItem('name', nameField.value);
  socket.emit('rename', nameField.value);
});

byId('transport').addEventListener('change', (event) => {
  query.set('transport', event.target.value);
  location.search = query;
});

byId('move').addEventListener('click', (event) => {
  event.target.disabled = true;
  wantsOther = 8;
  socket.disconnect().connect();
});

/** A message of our own is shown at once, faded, and becomes solid when it comes back. */
function show(message, { unsent = false } = {}) {
  const mine = unsent || shown.get(message.id)?.classList.contains('mine');
  const time = new Date(message.time);
  const item = element(
    'div',
    { className: `message${mine ? ' mine' : ''}${unsent ? ' unsent' : ''}` },
    element(
      'div',
      { className: 'who' },
      element('b', {}, mine ? 'You' : message.name),
      element('time', { dateTime: time.toISOString() }, time.toLocaleTimeString([], { timeStyle: 'short' })),
      ...(message.instance ? [chip(message.instance)] : []),
    ),
    element('div', { className: 'text' }, message.text),
  );
  if (!unsent) lastSeen = message.id;
  const before = shown.get(message.id);
  shown.set(message.id, item);
  if (before) before.replaceWith(item);
  else append(list, item);
}

function notice(...parts) {
  append(list, element('p', { className: 'notice' }, ...parts));
}

function showPeople(people) {
  byId('people-count').textContent = people.length;
  const instances = [...new Set(people.map((person) => person.instance))].sort();
  byId('people').replaceChildren(
    ...instances.map((name) =>
      element(
        'section',
        {},
        element('h3', {}, chip(name)),
        element(
          'ul',
          {},
          ...people
            .filter((person) => person.instance === name)
            .map((person) =>
              person.id === socket.id
                ? element('li', { className: 'me' }, `${person.name} (you)`)
                : element('li', {}, person.name),
            ),
        ),
      ),
    ),
  );
}

/** Works without HTTPS too, where crypto.randomUUID() is missing. */
function newId() {
  return [...crypto.getRandomValues(new Uint8Array(12))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

function inventName() {
  const pick = (words) => words[Math.floor(Math.random() * words.length)];
  const first = ['Brisk', 'Calm', 'Clever', 'Gentle', 'Jolly', 'Keen', 'Quiet', 'Swift', 'Sunny', 'Witty'];
  const second = ['Heron', 'Otter', 'Puffin', 'Seal', 'Tern', 'Urchin', 'Whale', 'Limpet', 'Crab', 'Kelp'];
  return `${pick(first)} ${pick(second)}`;
}
