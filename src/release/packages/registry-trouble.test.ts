import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HoldfastError } from '../../errors.ts';
import { lastWords } from '../last-words.ts';
import { asRegistryTrouble, troubleIn } from './registry-trouble.ts';

const integrity = 'sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg';
const asked = {
  packages: [
    {
      name: '@acme/ui',
      version: '2.0.0',
      integrity,
      from: 'registry',
      resolved: null,
      dev: false,
      hasInstallScript: null,
    },
  ],
  file: 'package-lock.json',
  registry: 'https://me:secret@npm.acme.example/all/',
} as const;

function short(text: string): string {
  const trouble = troubleIn(text, asked);
  return `${trouble?.kind}: ${trouble?.message}`;
}

const URL = 'http://127.0.0.1:4999/pad/-/pad-1.0.0.tgz';
const cannot = (reason: string, host = '127.0.0.1:4999', what = '"pad@1.0.0"') =>
  `unreachable: Cannot reach the registry "${host}" for ${what}: ${reason}`;

/** As the programs have said it. */
const SAID: readonly (readonly [said: string, told: string])[] = [
  [
    `npm error code ECONNREFUSED\nnpm error FetchError: request to ${URL} failed, reason: connect ECONNREFUSED 127.0.0.1:4999`,
    cannot('connect ECONNREFUSED 127.0.0.1:4999'),
  ],
  [
    `npm error code FETCH_ERROR\nnpm error network timeout at: http://u:p@h.example/@acme%2fui`,
    cannot('network timeout', 'h.example', '"@acme/ui"'),
  ],
  [
    'npm error network request to http://h.invalid/pad failed, reason: getaddrinfo ENOTFOUND h.invalid',
    cannot('getaddrinfo ENOTFOUND h.invalid', 'h.invalid', '"pad"'),
  ],
  [
    ` ECONNREFUSED  request to ${URL} failed, reason: connect ECONNREFUSED ::1:4999`,
    cannot('connect ECONNREFUSED ::1:4999'),
  ],
  [` ERR_SOCKET_TIMEOUT  request to ${URL} failed, reason: Socket timeout`, cannot('ERR_SOCKET_TIMEOUT')],
  [
    'error Error: connect ECONNREFUSED 127.0.0.1:1',
    cannot('connect ECONNREFUSED 127.0.0.1:1', 'npm.acme.example', 'a package'),
  ],
  [`error Error: ${URL}: ESOCKETTIMEDOUT`, cannot('ESOCKETTIMEDOUT')],
  [
    '➤ YN0001: │ RequestError: connect ECONNREFUSED 127.0.0.1:1',
    cannot('connect ECONNREFUSED 127.0.0.1:1', 'npm.acme.example', 'a package'),
  ],
  [
    'error: ConnectionRefused downloading tarball @acme/ui@2.0.0',
    cannot('ConnectionRefused', 'npm.acme.example', '"@acme/ui@2.0.0"'),
  ],
  ['error: Timeout downloading tarball pad@1.0.0', cannot('Timeout', 'npm.acme.example')],
  [
    `npm error code E401\nnpm error 401 Unauthorized - GET ${URL} - no`,
    'refused: The registry "127.0.0.1:4999" does not give out "pad@1.0.0": 401 Unauthorized',
  ],
  [
    ` ERR_PNPM_FETCH_403  GET ${URL}: Forbidden - 403`,
    'refused: The registry "127.0.0.1:4999" does not give out "pad@1.0.0": 403 Forbidden',
  ],
  [
    `error Error: ${URL}: Request failed "404 Not Found"`,
    'missing: The registry "127.0.0.1:4999" has no "pad@1.0.0": 404 Not Found',
  ],
  [
    '➤ YN0041: │ pad@npm:1.0.0: Invalid authentication (as an anonymous user)',
    'refused: The registry "npm.acme.example" does not give out "pad@1.0.0": 401 Unauthorized',
  ],
  [
    '➤ YN0035: │ pad@npm:1.0.0: The registry appears to be down\n➤ YN0035: │   Response Code: 503 (Service Unavailable)\n➤ YN0035: │   Request URL: http://127.0.0.1:4999/pad',
    'down: The registry "127.0.0.1:4999" is in trouble: 503 Service Unavailable for "pad@1.0.0"',
  ],
  [
    `error: GET ${URL} - 503`,
    'down: The registry "127.0.0.1:4999" is in trouble: 503 Service Unavailable for "pad@1.0.0"',
  ],
  [
    `npm error code EINTEGRITY\nnpm error ${integrity} integrity checksum failed when using sha512: wanted ${integrity} but got sha512-x. (80 bytes)`,
    'wrong: "@acme/ui@2.0.0" is not what "package-lock.json" says: its content has another hash',
  ],
  [
    `npm error code ENOTCACHED\nnpm error request to ${URL} failed: cache mode is 'only-if-cached'`,
    'notHere: Nothing is fetched with `--offline`, and "pad@1.0.0" is not here',
  ],
  [
    `error Can't make a request in offline mode ("${URL}")`,
    'notHere: Nothing is fetched with `--offline`, and "pad@1.0.0" is not here',
  ],
  ['npm error code EUSAGE\nnpm error `npm ci` can only install packages when …', 'undefined: undefined'],
];

test('what package managers say of a registry, in one line, without passwords', () => {
  assert.deepEqual(
    SAID.map(([said]) => short(said)),
    SAID.map(([, told]) => told),
  );
  const error = new HoldfastError('STEP_FAILED', '"npm ci" ended with code 1', {
    details: ['npm error code E401'],
  });
  const told = asRegistryTrouble(error, asked) as HoldfastError;
  assert.match(
    `${told.message} ${told.hint}`,
    /"npm\.acme\.example" does not give out a package: 401.*_authToken=\$\{NPM_TOKEN\}/,
  );
  assert.doesNotMatch(told.hint ?? '', /secret/);
});

test('the last words of a program are those that say why', () => {
  const npm = [
    'npm error code ECONNREFUSED',
    'npm error FetchError: request to http://h/ failed',
    'npm error     at ClientRequest.<anonymous> (/usr/lib/node_modules/npm/node_modules/minipass-fetch/lib/index.js:130:14)',
    'npm error     at process.processTicksAndRejections (node:internal/process/task_queues:83:21) {',
    "npm error   code: 'ECONNREFUSED',",
    'npm error   port: 1,',
    'npm error }',
    'npm error',
    'npm error A complete log of this run can be found in: /root/.npm/_logs/x.log',
  ];
  assert.deepEqual(lastWords(npm), npm.slice(0, 2));
  const build = [
    'Error: no such style',
    '    at main (/app/build.js:3:9)',
    '    at node:internal/main:1:1',
    '}',
    '',
  ];
  assert.deepEqual(lastWords(build), ['Error: no such style', '    at main (/app/build.js:3:9)', '}', '']);
  assert.equal(lastWords(Array(40).fill('line')).length, 15);
});
