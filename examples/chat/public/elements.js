// Small helpers for the page. Text always goes in as text, never as HTML.

export const byId = (id) => document.getElementById(id);

/** element('p', { className: 'note' }, 'Hello ', element('b', {}, 'you')) */
export function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** The name of an instance in a colour of its own: chat.0, chat.1 … are far apart on the colour wheel. */
export function chip(instance) {
  const made = element('span', { className: 'chip' }, instance);
  const number = Number(/\d+$/.exec(instance)?.[0] ?? 0);
  made.style.setProperty('--hue', (175 + number * 137) % 360);
  return made;
}

/** Adds at the end and shows it, unless the reader has scrolled up. */
export function append(list, item) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  list.append(item);
  if (atEnd) list.scrollTop = list.scrollHeight;
}
