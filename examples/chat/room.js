// What the chat knows: who is here and what was said last. Every instance has a copy; each tells the others what
// happens at its own place, and a newcomer is told everything when it meets them.
import { EventEmitter } from 'node:events';

const KEEP = 200;

/** Emits `people` (list of { id, name, instance }) when somebody comes, goes or takes another name. */
export class Room extends EventEmitter {
  #bus;
  #messages = new Map(); // by id, oldest first
  #here = new Map(); // socket id -> { name, instance }, of this instance
  #elsewhere = new Map(); // bus id -> list of people at that instance

  constructor(bus) {
    super();
    this.#bus = bus;
    bus.on('join', (peer, { messages, people }) => {
      this.#merge(messages);
      this.#setElsewhere(peer, people);
    });
    bus.on('leave', (peer) => this.#setElsewhere(peer, undefined));
    bus.on('message:people', (people, peer) => this.#setElsewhere(peer, people));
    bus.on('message:said', (message) => this.#add(message));
  }

  /** All that a newcomer must know from this instance. */
  snapshot() {
    return { messages: [...this.#messages.values()], people: this.#peopleHere() };
  }

  enter(id, person) {
    this.#here.set(id, person);
    this.#tell();
  }

  leave(id) {
    this.#here.delete(id);
    this.#tell();
  }

  nameOf(id) {
    return this.#here.get(id)?.name;
  }

  knows(messageId) {
    return this.#messages.has(messageId);
  }

  remember(message) {
    this.#add(message);
    this.#bus.publish('said', message);
  }

  /** What somebody missed who saw this message last; everything that is remembered if we do not know it. */
  messagesAfter(id) {
    const messages = [...this.#messages.values()];
    return messages.slice(messages.findIndex((message) => message.id === id) + 1);
  }

  #add(message) {
    if (this.#messages.has(message.id)) return;
    this.#messages.set(message.id, message);
    if (this.#messages.size > KEEP) this.#messages.delete(this.#messages.keys().next().value);
  }

  /** What another instance remembers may reach further back than our own memory. */
  #merge(messages) {
    for (const message of messages) this.#messages.set(message.id, message);
    const inOrder = [...this.#messages.values()].sort((a, b) => a.time - b.time).slice(-KEEP);
    this.#messages = new Map(inOrder.map((message) => [message.id, message]));
  }

  #peopleHere() {
    return [...this.#here].map(([id, person]) => ({ id, ...person }));
  }

  #tell() {
    this.#bus.publish('people', this.#peopleHere());
    this.#announce();
  }

  #setElsewhere(peer, people) {
    if (people) this.#elsewhere.set(peer, people);
    else this.#elsewhere.delete(peer);
    this.#announce();
  }

  #announce() {
    this.emit('people', [...this.#peopleHere(), ...[...this.#elsewhere.values()].flat()]);
  }
}
