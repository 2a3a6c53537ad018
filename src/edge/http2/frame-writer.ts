/** Frames as text (latin1), so that heads and small bodies go out as one string. */
import { type Code, Flag, FRAME_BYTES, FrameType } from './codes.ts';

/** The nine bytes before a payload. */
export function frameHead(length: number, type: number, flags: number, stream: number): string {
  return String.fromCharCode(
    length >>> 16,
    (length >>> 8) & 255,
    length & 255,
    type,
    flags,
    stream >>> 24,
    (stream >>> 16) & 255,
    (stream >>> 8) & 255,
    stream & 255,
  );
}

export function number32(value: number): string {
  return String.fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

/** A header block in as many frames as it needs. */
export function headersFrames(stream: number, block: string, endStream: boolean): string {
  const end = endStream ? Flag.endStream : 0;
  if (block.length <= FRAME_BYTES) {
    return frameHead(block.length, FrameType.headers, end | Flag.endHeaders, stream) + block;
  }
  let text = frameHead(FRAME_BYTES, FrameType.headers, end, stream) + block.slice(0, FRAME_BYTES);
  for (let at = FRAME_BYTES; at < block.length; at += FRAME_BYTES) {
    const piece = block.slice(at, at + FRAME_BYTES);
    const flags = at + FRAME_BYTES >= block.length ? Flag.endHeaders : 0;
    text += frameHead(piece.length, FrameType.continuation, flags, stream) + piece;
  }
  return text;
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): string {
  const payload = settings.map(([id, value]) => String.fromCharCode(id >>> 8, id & 255) + number32(value));
  return frameHead(payload.length * 6, FrameType.settings, 0, 0) + payload.join('');
}

export const SETTINGS_ACK = frameHead(0, FrameType.settings, Flag.ack, 0);

export function pingFrame(ack: boolean, payload: string): string {
  return frameHead(8, FrameType.ping, ack ? Flag.ack : 0, 0) + payload;
}

export function goAwayFrame(lastStream: number, code: Code, reason: string): string {
  return (
    frameHead(8 + reason.length, FrameType.goAway, 0, 0) + number32(lastStream) + number32(code) + reason
  );
}

export function rstStreamFrame(stream: number, code: Code): string {
  return frameHead(4, FrameType.rstStream, 0, stream) + number32(code);
}

export function windowUpdateFrame(stream: number, bytes: number): string {
  return frameHead(4, FrameType.windowUpdate, 0, stream) + number32(bytes);
}
