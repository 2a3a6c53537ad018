/**
 * What clients must not do in HTTP/2, and what they may: each with its section of RFC 9113 (RFC 7541 as "hpack"), the frames, and how a
 * server has to take them. After those of h2spec, and the attacks of the years since.
 */
import { Code, Flag, FrameType, PREFACE, Setting } from '../../src/edge/http2/codes.ts';
import { number32, pingFrame, SETTINGS_ACK, windowUpdateFrame } from '../../src/edge/http2/frame-writer.ts';
import {
  blockOf,
  data,
  type FieldList,
  frame,
  getFields,
  headers,
  opening,
  POST,
  ping,
  reset,
  settings,
  widen,
} from './http2-client.ts';

export interface Http2Case {
  readonly section: string;
  readonly name: string;
  /** In this order: what is sent, and what is waited for (`{ hears }`). */
  readonly steps: readonly (string | { readonly hears: string })[];
  /**
   * A line that the client hears. `GOAWAY X`: that is a connection error; `RST_STREAM 1 X`: an error of that stream, and the
   * connection goes on; `alive`: neither.
   */
  readonly expect: string;
  /** In place of the preface, SETTINGS and their acknowledgement. */
  readonly begin?: string;
}

const { endStream, endHeaders, padded, priority, ack } = Flag;
const all = endStream | endHeaders;
const word = number32;
const raw = (block: string, stream = 1) => frame(FrameType.headers, all, stream, block);
const continuation = (stream: number, block: string, flags = 0) =>
  frame(FrameType.continuation, flags, stream, block);
const get = (more: Readonly<Record<string, string>>) => headers(1, getFields(more));
const listed = (...fields: FieldList) => headers(1, fields);
const withFields = (...fields: FieldList) => headers(1, [...getFields(), ...fields]);
const post = (length: string, ...frames: string[]) =>
  opening(1, getFields({ ':method': 'POST', 'content-length': length })) + frames.join('');
const dependency = (on: number) => `${word(on)}\x10`;

const GOAWAY_PROTOCOL = 'GOAWAY PROTOCOL_ERROR';
const GOAWAY_SIZE = 'GOAWAY FRAME_SIZE_ERROR';
const GOAWAY_FLOW = 'GOAWAY FLOW_CONTROL_ERROR';
const GOAWAY_CLOSED = 'GOAWAY STREAM_CLOSED';
const GOAWAY_COMPRESSION = 'GOAWAY COMPRESSION_ERROR';
const GOAWAY_CALM = 'GOAWAY ENHANCE_YOUR_CALM';
const RST_PROTOCOL = 'RST_STREAM 1 PROTOCOL_ERROR';
const RST_CLOSED = 'RST_STREAM 1 STREAM_CLOSED';

type Row = readonly [
  section: string,
  name: string,
  steps: string | Http2Case['steps'],
  expect: string,
  begin?: string,
];

const rows: readonly Row[] = [
  // The beginning
  ['3.4', 'the preface is another', '', GOAWAY_PROTOCOL, `${PREFACE.slice(0, 20)}XX\r\n`],
  [
    '3.4',
    'HTTP/1.1 behind the first line of the preface',
    '',
    GOAWAY_PROTOCOL,
    `${PREFACE.slice(0, 18)}GET / HTTP/1.1\r\n\r\n`,
  ],
  ['3.4', 'the first frame is PING', '', GOAWAY_PROTOCOL, PREFACE + ping()],
  ['3.4', 'the first frame is HEADERS', '', GOAWAY_PROTOCOL, PREFACE + headers(1)],
  ['3.4', 'the first frame is DATA', '', GOAWAY_PROTOCOL, PREFACE + data(1, 'x')],
  ['3.4', 'the first frame is an acknowledgement', '', GOAWAY_PROTOCOL, PREFACE + SETTINGS_ACK],
  [
    '3.4',
    'a request right behind the first SETTINGS',
    '',
    'HEADERS 1 200',
    PREFACE + settings([]) + headers(1),
  ],

  // Frames
  ['4.1', 'a frame of a type that nobody knows', frame(0x16, 0, 0, 'what') + frame(0xfe, 255, 7), 'alive'],
  ['4.1', 'flags that mean nothing', ping('pingpong', 0x16), 'PING pingpong'],
  ['4.1', 'the reserved bit of a stream', ping('reserved', 0, 0x8000_0000), 'PING reserved'],
  ['4.2', 'DATA of the largest size', [opening(1), data(1, 'x'.repeat(16_384), endStream)], 'HEADERS 1 200'],
  ['4.2', 'DATA that is too large', opening(1) + data(1, 'x'.repeat(16_385)), GOAWAY_SIZE],
  ['4.2', 'HEADERS that are too large', frame(FrameType.headers, all, 1, 'x'.repeat(16_385)), GOAWAY_SIZE],
  ['4.2', 'SETTINGS that are too large', settings(Array.from({ length: 2731 }, () => [9, 1])), GOAWAY_SIZE],
  ['4.2', 'an unknown frame that is too large', frame(0x20, 0, 0, 'x'.repeat(16_385)), GOAWAY_SIZE],
  ['4.3', 'a header block that cannot be read', raw('\x80'), GOAWAY_COMPRESSION],
  ['4.3', 'a header block that breaks off', raw('\x40\x05a'), GOAWAY_COMPRESSION],
  [
    '4.3',
    'PRIORITY within a header block',
    headers(1, getFields(), endStream) + frame(2, 0, 1, dependency(0)),
    GOAWAY_PROTOCOL,
  ],
  [
    '4.3',
    'HEADERS of another stream within a header block',
    headers(1, getFields(), endStream) + headers(3),
    GOAWAY_PROTOCOL,
  ],
  ['4.3', 'PING within a header block', headers(1, getFields(), endStream) + ping(), GOAWAY_PROTOCOL],
  ['4.3', 'DATA within a header block', headers(1, POST, 0) + data(1, 'x'), GOAWAY_PROTOCOL],
  [
    '4.3',
    'an unknown frame within a header block',
    headers(1, getFields(), endStream) + frame(0x20, 0, 1),
    GOAWAY_PROTOCOL,
  ],
  [
    '4.3',
    'a block of a stream that is reset is read all the same',
    [reset1(), headers(3, [...getFields(), ['x-kept', 'v']])],
    'HEADERS 3 200',
  ],

  // States of streams
  ['5.1', 'idle: DATA', data(1, 'x'), GOAWAY_PROTOCOL],
  ['5.1', 'idle: RST_STREAM', reset(1), GOAWAY_PROTOCOL],
  ['5.1', 'idle: WINDOW_UPDATE', widen(1, 100), GOAWAY_PROTOCOL],
  ['5.1', 'idle: CONTINUATION', continuation(1, '', endHeaders), GOAWAY_PROTOCOL],
  ['5.1', 'idle: PRIORITY', frame(FrameType.priority, 0, 1, dependency(0)), 'alive'],
  ['5.1', 'half closed: DATA', headers(1, getFields({ ':path': '/hang' })) + data(1, 'x'), RST_CLOSED],
  ['5.1', 'half closed: HEADERS', headers(1, getFields({ ':path': '/hang' })) + headers(1), RST_CLOSED],
  [
    '5.1',
    'half closed: CONTINUATION',
    headers(1, getFields({ ':path': '/hang' })) + continuation(1, 'x', endHeaders),
    GOAWAY_PROTOCOL,
  ],
  ['5.1', 'half closed: WINDOW_UPDATE', headers(1) + widen(1, 100), 'HEADERS 1 200'],
  [
    '5.1',
    'half closed: PRIORITY',
    headers(1) + frame(FrameType.priority, 0, 1, dependency(0)),
    'HEADERS 1 200',
  ],
  ['5.1', 'closed by RST_STREAM: DATA', opening(1) + reset(1) + data(1, 'x'), GOAWAY_CLOSED],
  ['5.1', 'closed by RST_STREAM: HEADERS', opening(1) + reset(1) + headers(1), GOAWAY_CLOSED],
  [
    '5.1',
    'closed by RST_STREAM: CONTINUATION',
    opening(1) + reset(1) + continuation(1, '', endHeaders),
    GOAWAY_PROTOCOL,
  ],
  [
    '5.1',
    'closed by RST_STREAM: RST_STREAM, WINDOW_UPDATE, PRIORITY',
    opening(1) + reset(1) + reset(1) + widen(1, 5) + frame(2, 0, 1, dependency(0)),
    'alive',
  ],
  ['5.1', 'closed by END_STREAM: DATA', [headers(1), { hears: 'END 1' }, data(1, 'x')], GOAWAY_CLOSED],
  ['5.1', 'closed by END_STREAM: HEADERS', [headers(1), { hears: 'END 1' }, headers(1)], GOAWAY_CLOSED],
  [
    '5.1',
    'closed by END_STREAM: CONTINUATION',
    [headers(1), { hears: 'END 1' }, continuation(1, '', endHeaders)],
    GOAWAY_PROTOCOL,
  ],
  [
    '5.1',
    'closed by END_STREAM: WINDOW_UPDATE, RST_STREAM',
    [headers(1), { hears: 'END 1' }, widen(1, 5) + reset(1)],
    'alive',
  ],
  [
    '5.1',
    'what was on its way when we reset the stream',
    [
      opening(1, [...POST, ['connection', 'close']]),
      { hears: RST_PROTOCOL },
      data(1, 'x') + data(1, 'y', endStream),
      headers(3),
    ],
    'HEADERS 3 200',
  ],
  ['5.1.1', 'a stream with an even number', headers(2), GOAWAY_PROTOCOL],
  ['5.1.1', 'HEADERS on stream 0', headers(0), GOAWAY_PROTOCOL],
  ['5.1.1', 'a number that is behind the last', headers(5) + headers(3), GOAWAY_PROTOCOL],
  ['5.1.1', 'numbers may be left out', headers(1) + headers(9) + headers(1001), 'HEADERS 1001 200'],
  [
    '5.1.2',
    'more streams than were agreed on',
    Array.from({ length: 129 }, (_, i) => opening(2 * i + 1)).join(''),
    'RST_STREAM 257 REFUSED_STREAM',
  ],
  [
    '5.3.1',
    'HEADERS that depend on themselves',
    frame(FrameType.headers, all | priority, 1, dependency(1) + blockOf(getFields())),
    RST_PROTOCOL,
  ],
  [
    '5.3.1',
    'PRIORITY that depends on itself',
    opening(1) + frame(FrameType.priority, 0, 1, dependency(1)),
    RST_PROTOCOL,
  ],
  [
    '5.3.1',
    'HEADERS with a priority',
    frame(FrameType.headers, all | priority, 1, dependency(0) + blockOf(getFields())),
    'HEADERS 1 200',
  ],
  ['5.4.1', 'a connection error ends the connection', ping('x', 0, 0), 'CLOSED'],

  // DATA
  ['6.1', 'DATA on stream 0', data(0, 'x'), GOAWAY_PROTOCOL],
  ['6.1', 'DATA without any', opening(1) + data(1, '') + data(1, '', endStream), 'HEADERS 1 200'],
  ['6.1', 'padded DATA', opening(1) + data(1, '\x04body\0\0\0\0', padded | endStream), 'HEADERS 1 200'],
  [
    '6.1',
    'DATA of padding alone',
    opening(1) + data(1, '\x03\0\0\0', padded) + data(1, '\0', padded | endStream),
    'HEADERS 1 200',
  ],
  ['6.1', 'as much padding as DATA', opening(1) + data(1, '\x05body', padded), GOAWAY_PROTOCOL],
  ['6.1', 'more padding than DATA', opening(1) + data(1, '\xffbody', padded), GOAWAY_PROTOCOL],
  ['6.1', 'padding, and nothing that says how much', opening(1) + data(1, '', padded), GOAWAY_PROTOCOL],

  // HEADERS
  [
    '6.2',
    'padded HEADERS',
    frame(FrameType.headers, all | padded, 1, `\x02${blockOf(getFields())}\0\0`),
    'HEADERS 1 200',
  ],
  [
    '6.2',
    'HEADERS that are padding alone',
    frame(FrameType.headers, all | padded, 1, '\x02\0\0'),
    RST_PROTOCOL,
  ],
  [
    '6.2',
    'more padding than HEADERS',
    frame(FrameType.headers, all | padded, 1, `\xff${blockOf(getFields())}`),
    GOAWAY_PROTOCOL,
  ],
  [
    '6.2',
    'padding, and nothing that says how much',
    frame(FrameType.headers, all | padded, 1),
    GOAWAY_PROTOCOL,
  ],
  [
    '6.2',
    'a priority that breaks off',
    frame(FrameType.headers, all | priority, 1, '\0\0\0'),
    GOAWAY_PROTOCOL,
  ],
  [
    '6.2',
    'padding that reaches into the priority',
    frame(FrameType.headers, all | priority | padded, 1, '\x05\0\0\0\0\0\0\0'),
    GOAWAY_PROTOCOL,
  ],

  // PRIORITY, RST_STREAM
  ['6.3', 'PRIORITY on stream 0', frame(FrameType.priority, 0, 0, dependency(0)), GOAWAY_PROTOCOL],
  [
    '6.3',
    'PRIORITY that is too short',
    opening(1) + frame(FrameType.priority, 0, 1, 'abcd'),
    'RST_STREAM 1 FRAME_SIZE_ERROR',
  ],
  ['6.4', 'RST_STREAM on stream 0', reset(0), GOAWAY_PROTOCOL],
  ['6.4', 'RST_STREAM that is too short', opening(1) + frame(FrameType.rstStream, 0, 1, 'abc'), GOAWAY_SIZE],
  ['6.4', 'RST_STREAM with a code that nobody knows', opening(1) + reset(1, 0xffff), 'alive'],

  // SETTINGS
  ['6.5', 'SETTINGS are acknowledged', settings([[Setting.headerTableSize, 0]]), 'SETTINGS ACK'],
  [
    '6.5',
    'an acknowledgement with something in it',
    frame(FrameType.settings, ack, 0, '\0\x03\0\0\0\x05'),
    GOAWAY_SIZE,
  ],
  ['6.5', 'SETTINGS on a stream', frame(FrameType.settings, 0, 1), GOAWAY_PROTOCOL],
  ['6.5', 'SETTINGS that break off', frame(FrameType.settings, 0, 0, 'abcde'), GOAWAY_SIZE],
  ['6.5.2', 'ENABLE_PUSH is 2', settings([[Setting.enablePush, 2]]), GOAWAY_PROTOCOL],
  [
    '6.5.2',
    'ENABLE_PUSH is 1 and 0',
    settings([
      [Setting.enablePush, 1],
      [Setting.enablePush, 0],
    ]),
    'alive',
  ],
  [
    '6.5.2',
    'INITIAL_WINDOW_SIZE is too large',
    settings([[Setting.initialWindowSize, 2 ** 31]]),
    GOAWAY_FLOW,
  ],
  ['6.5.2', 'MAX_FRAME_SIZE is too small', settings([[Setting.maxFrameSize, 16_383]]), GOAWAY_PROTOCOL],
  ['6.5.2', 'MAX_FRAME_SIZE is too large', settings([[Setting.maxFrameSize, 2 ** 24]]), GOAWAY_PROTOCOL],
  ['6.5.2', 'a setting that nobody knows', settings([[0x7f, 9]]), 'SETTINGS ACK'],
  [
    '6.5.3',
    'of two values the last one counts',
    [
      settings([
        [4, 100],
        [4, 1],
      ]) + headers(1),
    ],
    'DATA 1 1',
  ],
  ['8441 3', 'ENABLE_CONNECT_PROTOCOL is 2', settings([[Setting.enableConnectProtocol, 2]]), GOAWAY_PROTOCOL],

  // PUSH_PROMISE, PING, GOAWAY
  [
    '6.6',
    'PUSH_PROMISE from a client',
    opening(1) + frame(FrameType.pushPromise, endHeaders, 1, word(2)),
    GOAWAY_PROTOCOL,
  ],
  ['6.7', 'PING is answered', ping('12345678'), 'PING 12345678'],
  ['6.7', 'an answer to no PING', pingFrame(true, '12345678'), 'alive'],
  ['6.7', 'PING on a stream', ping('12345678', 0, 1), GOAWAY_PROTOCOL],
  ['6.7', 'PING that is too short', ping('1234'), GOAWAY_SIZE],
  ['6.8', 'GOAWAY on a stream', frame(FrameType.goAway, 0, 1, word(0) + word(0)), GOAWAY_PROTOCOL],
  ['6.8', 'GOAWAY that breaks off', frame(FrameType.goAway, 0, 0, word(0)), GOAWAY_SIZE],
  [
    '6.8',
    'GOAWAY: what is open is answered',
    [headers(1) + frame(FrameType.goAway, 0, 0, word(0) + word(0)), { hears: 'HEADERS 1 200' }],
    'CLOSED',
  ],
  [
    '6.8',
    'GOAWAY: then the connection ends',
    headers(1) + frame(FrameType.goAway, 0, 0, word(0) + word(0)),
    'GOAWAY NO_ERROR',
  ],

  // Windows
  ['6.9', 'WINDOW_UPDATE of nothing', windowUpdateFrame(0, 0), GOAWAY_PROTOCOL],
  ['6.9', 'WINDOW_UPDATE of nothing on a stream', opening(1) + widen(1, 0), RST_PROTOCOL],
  ['6.9', 'WINDOW_UPDATE that is too short', frame(FrameType.windowUpdate, 0, 0, 'abc'), GOAWAY_SIZE],
  ['6.9.1', 'the window of the connection becomes too large', widen(0, 2 ** 31 - 1), GOAWAY_FLOW],
  [
    '6.9.1',
    'the window of a stream becomes too large',
    opening(1) + widen(1, 2 ** 31 - 1),
    'RST_STREAM 1 FLOW_CONTROL_ERROR',
  ],
  ['6.9.1', 'a window of one byte', settings([[4, 1]]) + headers(1), 'DATA 1 1'],
  [
    '6.9.1',
    'a window that opens byte by byte',
    [settings([[4, 1]]) + headers(1), { hears: 'DATA 1 1' }, widen(1, 1)],
    'END 1',
  ],
  [
    '6.9.2',
    'the window of open streams changes',
    [settings([[4, 0]]) + headers(1), { hears: 'HEADERS 1 200' }, settings([[4, 2]])],
    'END 1',
  ],
  [
    '6.9.2',
    'a window below zero',
    [
      settings([[4, 1]]) + headers(1),
      { hears: 'DATA 1 1' },
      settings([[4, 0]]) + widen(1, 1) + ping('no more!'),
      { hears: 'PING no more!' },
      widen(1, 1),
    ],
    'END 1',
  ],
  [
    '6.9.2',
    'SETTINGS that make a window too large',
    opening(1) + widen(1, 1000) + settings([[4, 2 ** 31 - 1]]),
    GOAWAY_FLOW,
  ],
  [
    '6.9',
    'more DATA than the stream has room for',
    [
      opening(1, getFields({ ':method': 'POST', ':path': '/stall' })) +
        data(1, 'x'.repeat(16_384)).repeat(80),
    ],
    'RST_STREAM 1 FLOW_CONTROL_ERROR',
  ],

  // CONTINUATION
  [
    '6.10',
    'a block in three frames',
    frame(FrameType.headers, endStream, 1, blockOf(getFields()).slice(0, 3)) +
      continuation(1, blockOf(getFields()).slice(3, 9)) +
      continuation(1, blockOf(getFields()).slice(9), endHeaders),
    'HEADERS 1 200',
  ],
  [
    '6.10',
    'CONTINUATION behind the end of the block',
    headers(1, POST, endHeaders) + continuation(1, ''),
    GOAWAY_PROTOCOL,
  ],
  [
    '6.10',
    'CONTINUATION on stream 0',
    headers(1, getFields(), endStream) + continuation(0, '', endHeaders),
    GOAWAY_PROTOCOL,
  ],
  [
    '6.10',
    'CONTINUATION of another stream',
    headers(1, getFields(), endStream) + continuation(3, '', endHeaders),
    GOAWAY_PROTOCOL,
  ],
  [
    '6.10',
    'CONTINUATION behind DATA',
    opening(1) + data(1, 'x') + continuation(1, '', endHeaders),
    GOAWAY_PROTOCOL,
  ],
  [
    '10.5',
    'CONTINUATION without end',
    headers(1, getFields(), endStream) + continuation(1, 'x'.repeat(16_000)).repeat(3),
    GOAWAY_CALM,
  ],
  [
    '10.5',
    'CONTINUATION of nothing without end',
    headers(1, getFields(), endStream) + continuation(1, '').repeat(20),
    GOAWAY_CALM,
  ],

  // Requests
  [
    '8.1',
    'a second HEADERS without END_STREAM',
    opening(1) + headers(1, [['x', 'y']], endHeaders),
    RST_PROTOCOL,
  ],
  ['8.1', 'trailers', opening(1) + data(1, 'x') + headers(1, [['x', 'y']]), 'HEADERS 1 200'],
  ['8.1', 'trailers with a pseudo-header', opening(1) + headers(1, [[':path', '/']]), RST_PROTOCOL],
  ['8.1', 'trailers with an upper-case name', opening(1) + headers(1, [['X', 'y']]), RST_PROTOCOL],
  ['8.1.1', 'the body is shorter than content-length', post('5', data(1, 'x', endStream)), RST_PROTOCOL],
  ['8.1.1', 'the body is longer than content-length', post('1', data(1, 'xy')), RST_PROTOCOL],
  [
    '8.1.1',
    'several DATA that are longer than content-length',
    post('3', data(1, 'xy'), data(1, 'xy', endStream)),
    RST_PROTOCOL,
  ],
  ['8.1.1', 'content-length, and no body', get({ 'content-length': '5' }), RST_PROTOCOL],
  [
    '8.1.1',
    'content-length, and trailers in place of a body',
    post('5', headers(1, [['x', 'y']])),
    RST_PROTOCOL,
  ],
  [
    '8.1.1',
    'two content-lengths',
    withFields(['content-length', '0'], ['content-length', '0']),
    RST_PROTOCOL,
  ],
  ['8.1.1', 'content-length is +0', get({ 'content-length': '+0' }), RST_PROTOCOL],
  ['8.1.1', 'content-length of 0', get({ 'content-length': '0' }), 'HEADERS 1 200'],
  ['8.1.1', 'content-length of 0, and an empty DATA', post('0', data(1, '', endStream)), 'HEADERS 1 200'],
  ['8.2.1', 'an upper-case name', withFields(['X-Test', 'x']), RST_PROTOCOL],
  ['8.2.1', 'a name of nothing', withFields(['', 'x']), RST_PROTOCOL],
  ['8.2.1', 'a blank in a name', withFields(['x y', 'x']), RST_PROTOCOL],
  ['8.2.1', 'a colon in a name', withFields(['x:y', 'x']), RST_PROTOCOL],
  ['8.2.1', 'CRLF in a name', withFields(['x\r\ny', 'x']), RST_PROTOCOL],
  ['8.2.1', 'a name that is not ASCII', withFields(['x\xe4', 'x']), RST_PROTOCOL],
  ['8.2.1', 'CRLF in a value', withFields(['x', 'a\r\ntransfer-encoding: chunked']), RST_PROTOCOL],
  ['8.2.1', 'LF in a value', withFields(['x', 'a\nb']), RST_PROTOCOL],
  ['8.2.1', 'NUL in a value', withFields(['x', 'a\0b']), RST_PROTOCOL],
  ['8.2.1', 'a blank before a value', withFields(['x', ' a']), RST_PROTOCOL],
  ['8.2.1', 'a tab behind a value', withFields(['x', 'a\t']), RST_PROTOCOL],
  ['8.2.1', 'an empty value', withFields(['x', '']), 'HEADERS 1 200'],
  ['8.2.2', 'connection', withFields(['connection', 'keep-alive']), RST_PROTOCOL],
  ['8.2.2', 'keep-alive', withFields(['keep-alive', 'timeout=5']), RST_PROTOCOL],
  ['8.2.2', 'proxy-connection', withFields(['proxy-connection', 'close']), RST_PROTOCOL],
  ['8.2.2', 'transfer-encoding', withFields(['transfer-encoding', 'chunked']), RST_PROTOCOL],
  ['8.2.2', 'upgrade', withFields(['upgrade', 'h2c']), RST_PROTOCOL],
  ['8.2.2', 'te: trailers, deflate', withFields(['te', 'trailers, deflate']), RST_PROTOCOL],
  ['8.2.2', 'te: trailers', withFields(['te', 'trailers']), 'HEADERS 1 200'],
  [
    '8.2.3',
    'crumbs of a cookie',
    withFields(['cookie', 'a=1'], ['x', 'y'], ['cookie', 'b=2']),
    'HEADERS 1 200',
  ],
  ['8.3', 'an unknown pseudo-header', get({ ':test': 'x' }), RST_PROTOCOL],
  ['8.3', ':status in a request', get({ ':status': '200' }), RST_PROTOCOL],
  [
    '8.3',
    'a pseudo-header behind a field',
    listed([':method', 'GET'], [':scheme', 'http'], ['x', 'y'], [':path', '/'], [':authority', 'a.test']),
    RST_PROTOCOL,
  ],
  ['8.3', 'a pseudo-header twice', listed([':method', 'GET'], ...getFields()), RST_PROTOCOL],
  ['8.3.1', ':path twice', listed([':path', '/'], ...getFields()), RST_PROTOCOL],
  ['8.3.1', 'no :method', listed(...getFields().slice(1)), RST_PROTOCOL],
  ['8.3.1', 'no :scheme', listed(...getFields().filter(([name]) => name !== ':scheme')), RST_PROTOCOL],
  ['8.3.1', 'no :path', listed(...getFields().filter(([name]) => name !== ':path')), RST_PROTOCOL],
  [
    '8.3.1',
    'an empty :path',
    listed(...getFields().slice(0, 2), [':path', ''], [':authority', 'a.test']),
    RST_PROTOCOL,
  ],
  ['8.3.1', 'a :path with a blank', get({ ':path': '/a b' }), RST_PROTOCOL],
  ['8.3.1', 'a :path with CRLF', get({ ':path': '/ HTTP/1.1\r\nx: y' }), RST_PROTOCOL],
  ['8.3.1', 'a :path that is no path', get({ ':path': 'a' }), 'HEADERS 1 400'],
  ['8.3.1', 'a :path that is a URL', get({ ':path': 'http://b.test/' }), 'HEADERS 1 400'],
  ['8.3.1', 'a :path that climbs', get({ ':path': '/a/%2e%2e/b' }), 'HEADERS 1 400'],
  ['8.3.1', 'a :path with a fragment', get({ ':path': '/a#b' }), 'HEADERS 1 400'],
  ['8.3.1', ':path is * with GET', get({ ':path': '*' }), 'HEADERS 1 400'],
  ['8.3.1', ':path is * with OPTIONS', get({ ':method': 'OPTIONS', ':path': '*' }), 'HEADERS 1 200'],
  ['8.3.1', ':scheme is ftp', get({ ':scheme': 'ftp' }), 'HEADERS 1 400'],
  ['8.3.1', ':method with a blank', get({ ':method': 'GET /x' }), RST_PROTOCOL],
  ['8.3.1', 'a :method that nobody knows', get({ ':method': 'BREW' }), 'HEADERS 1 501'],
  ['8.3.1', ':authority with a user', get({ ':authority': 'u@a.test' }), RST_PROTOCOL],
  ['8.3.1', ':authority with a path', get({ ':authority': 'a.test/x' }), RST_PROTOCOL],
  ['8.3.1', 'no :authority and no host', get({ ':authority': '' }), RST_PROTOCOL],
  ['8.3.1', 'host in place of :authority', get({ ':authority': '', host: 'a.test' }), 'HEADERS 1 200'],
  ['8.3.1', 'a host that is the same', get({ host: 'A.test' }), 'HEADERS 1 200'],
  ['8.3.1', 'a host that differs', get({ host: 'b.test' }), RST_PROTOCOL],
  ['8.3.1', 'two hosts', listed(...getFields(), ['host', 'a.test'], ['host', 'a.test']), RST_PROTOCOL],
  ['8.5', 'CONNECT', listed([':method', 'CONNECT'], [':authority', 'a.test:80']), 'HEADERS 1 405'],
  ['8.5', 'CONNECT with a :path', get({ ':method': 'CONNECT' }), RST_PROTOCOL],
  [
    '8441 4',
    ':protocol that was not offered',
    opening(1, getFields({ ':method': 'CONNECT', ':protocol': 'websocket' })),
    RST_PROTOCOL,
  ],
  ['9110 10.1.1', 'an expectation that nobody knows', get({ expect: 'magic' }), 'HEADERS 1 417'],
  ['10.5.1', 'more fields than a head may have', withFields(...many(101)), 'HEADERS 1 431'],
  [
    '10.5.1',
    'larger fields than a head may have',
    withFields(['x', 'v'.repeat(8_000)], ['y', 'v'.repeat(8_400)]),
    'HEADERS 1 431',
  ],
  [
    '10.5.1',
    'a field that is kept, ten thousand times',
    raw(`${blockOf(getFields())}\x40\x01x\x7f\x81\x1e${'v'.repeat(4_000)}${'\xbe'.repeat(10_000)}`),
    'HEADERS 1 431',
  ],

  // HPACK
  ['hpack 2.3.3', 'an index behind the tables', raw(`${blockOf(getFields())}\xff\x10`), GOAWAY_COMPRESSION],
  [
    'hpack 2.3.3',
    'a name behind the tables',
    raw(`${blockOf(getFields())}\x7f\x10\x01x`),
    GOAWAY_COMPRESSION,
  ],
  [
    'hpack 4.2',
    'the size of the table changes behind a field',
    raw(`${blockOf(getFields())}\x20`),
    GOAWAY_COMPRESSION,
  ],
  [
    'hpack 5.2',
    'more than seven bits of padding',
    raw(`${blockOf(getFields())}\0\x01x\x82\x1f\xff`),
    GOAWAY_COMPRESSION,
  ],
  [
    'hpack 5.2',
    'padding that is not of ones',
    raw(`${blockOf(getFields())}\0\x01x\x81\0`),
    GOAWAY_COMPRESSION,
  ],
  [
    'hpack 5.2',
    'the end-of-string symbol',
    raw(`${blockOf(getFields())}\0\x01x\x84\xff\xff\xff\xff`),
    GOAWAY_COMPRESSION,
  ],
  ['hpack 6.1', 'index 0', raw(`${blockOf(getFields())}\x80`), GOAWAY_COMPRESSION],
  [
    'hpack 6.3',
    'a table that is larger than allowed',
    raw(`\x3f\xe2\x1f${blockOf(getFields())}`),
    GOAWAY_COMPRESSION,
  ],
  ['hpack 4.2', 'two changes of its size', raw(`\x20\x3f\xe1\x1f${blockOf(getFields())}`), 'HEADERS 1 200'],
  [
    'hpack 6.2',
    'every kind of literal',
    raw(`${blockOf(getFields())}\0\x01a\x01b\x10\x01c\x01d\x40\x01e\x01f\xbe`),
    'HEADERS 1 200',
  ],
  [
    '6.5.2',
    'our SETTINGS hold for blocks',
    settings([[Setting.headerTableSize, 0]]) + headers(1),
    'HEADERS 1 200',
  ],
];

/** A stream that the client opens and takes back; its block adds to the table. */
function reset1(): string {
  return (
    frame(FrameType.headers, endHeaders, 1, `${blockOf(POST)}\x40\x06x-kept\x01v`) + reset(1, Code.cancel)
  );
}

function many(count: number): FieldList {
  return Array.from({ length: count }, (_, i) => [`x-${i}`, 'v']);
}

export const http2Cases: readonly Http2Case[] = rows.map(([section, name, steps, expect, begin]) => ({
  section,
  name,
  steps: typeof steps === 'string' ? [steps] : steps,
  expect,
  ...(begin !== undefined && { begin }),
}));
