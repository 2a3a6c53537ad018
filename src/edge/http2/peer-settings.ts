/** What the client has set (RFC 9113 section 6.5.2), as far as it concerns what we send. */
import { Code, FRAME_BYTES, Setting, WINDOW_BYTES, WINDOW_MAX } from './codes.ts';

export class PeerSettings {
  /** Of the windows of streams. */
  windowBytes = WINDOW_BYTES;

  /** Takes the payload of a SETTINGS frame, which is a multiple of six bytes; returns what is wrong with it. */
  apply(buffer: Buffer, from: number, to: number): Code | undefined {
    for (let at = from; at < to; at += 6) {
      const problem = this.#set(buffer.readUInt16BE(at), buffer.readUInt32BE(at + 2));
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  #set(id: number, value: number): Code | undefined {
    switch (id) {
      case Setting.enablePush:
      case Setting.enableConnectProtocol:
      case Setting.noRfc7540Priorities:
        return value > 1 ? Code.protocolError : undefined;
      case Setting.initialWindowSize:
        if (value > WINDOW_MAX) return Code.flowControlError;
        this.windowBytes = value;
        return undefined;
      case Setting.maxFrameSize:
        // We send none that are larger than the least that this may be.
        return value < FRAME_BYTES || value > 2 ** 24 - 1 ? Code.protocolError : undefined;
      default:
        return undefined;
    }
  }
}
