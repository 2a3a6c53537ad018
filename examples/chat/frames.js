// Messages on a stream: four bytes of length, then the value. Values keep their types: buffers stay buffers.
import { deserialize, serialize } from 'node:v8';

const MAX_FRAME_BYTES = 64 * 1024 * 1024;

export function encode(value) {
  const body = serialize(value);
  const frame = Buffer.allocUnsafe(4 + body.length);
  frame.writeUInt32BE(body.length);
  frame.set(body, 4);
  return frame;
}

/** Calls back with every value that arrives on the socket, however the stream is cut into chunks. */
export function readFrames(socket, onValue) {
  let waiting = [];
  let bytes = 0;
  let wanted = 4;
  let inBody = false;
  socket.on('data', (chunk) => {
    waiting.push(chunk);
    bytes += chunk.length;
    while (bytes >= wanted) {
      const all = waiting.length === 1 ? waiting[0] : Buffer.concat(waiting);
      const part = all.subarray(0, wanted);
      waiting = [all.subarray(wanted)];
      bytes -= wanted;
      if (inBody) onValue(deserialize(part));
      wanted = inBody ? 4 : part.readUInt32BE();
      inBody = !inBody;
      if (wanted > MAX_FRAME_BYTES) return socket.destroy();
    }
  });
}
