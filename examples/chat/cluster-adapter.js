// The Socket.IO adapter: `io.emit()` reaches the clients of every instance, `io.fetchSockets()` sees them all.
// Socket.IO knows what to say to the other instances; the bus knows how to reach them.
import { ClusterAdapterWithHeartbeat } from 'socket.io-adapter';

const TOPIC = 'socket.io';

class BusAdapter extends ClusterAdapterWithHeartbeat {
  #bus;
  #onMessage = (message) => this.onMessage(message);
  #onResponse = (response) => this.onResponse(response);
  #onLeave = (id) => this.removeNode(id); // do not wait for the answers of one that is gone

  constructor(namespace, bus) {
    super(namespace, {});
    this.uid = bus.id;
    this.#bus = bus;
    bus.on(`message:${TOPIC}`, this.#onMessage);
    bus.on(`message:${TOPIC}:response`, this.#onResponse);
    bus.on('leave', this.#onLeave);
  }

  async doPublish(message) {
    this.#bus.publish(TOPIC, message);
  }

  async doPublishResponse(requester, response) {
    this.#bus.send(requester, `${TOPIC}:response`, response);
  }

  close() {
    super.close();
    this.#bus.off(`message:${TOPIC}`, this.#onMessage);
    this.#bus.off(`message:${TOPIC}:response`, this.#onResponse);
    this.#bus.off('leave', this.#onLeave);
  }
}

/** For `new Server({ adapter: clusterAdapter(bus) })`. */
export function clusterAdapter(bus) {
  return function createAdapter(namespace) {
    return new BusAdapter(namespace, bus);
  };
}
