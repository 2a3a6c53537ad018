/** Numbers of HTTP/2 (RFC 9113 sections 6 and 7). */
export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const Flag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const;

export const Setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  /** RFC 8441 section 3. */
  enableConnectProtocol: 8,
  /** RFC 9218 section 2.1: what clients say of priorities in the old way is not listened to. */
  noRfc7540Priorities: 9,
} as const;

/** Why a stream or a connection ends. */
export const Code = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  connectError: 10,
  enhanceYourCalm: 11,
} as const;

export type Code = (typeof Code)[keyof typeof Code];

export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
/** SETTINGS_MAX_FRAME_SIZE when nothing is said; neither do we say anything, nor send larger ones. */
export const FRAME_BYTES = 16_384;
/** Of a window, unless something is said. */
export const WINDOW_BYTES = 65_535;
export const WINDOW_MAX = 2 ** 31 - 1;
