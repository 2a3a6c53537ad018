/** One question to an OCSP responder (RFC 6960 appendix A.1). */
import http from 'node:http';
import https from 'node:https';

export type Ask = (url: string, question: Buffer, signal: AbortSignal) => Promise<Buffer>;

const TIMEOUT_MS = 15_000;
/** With the certificate of whoever signed it, an answer has about two kilobytes. */
const MAX_BYTES = 64 * 1024;

export const askResponder: Ask = (url, question, signal) =>
  new Promise((resolve, reject) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const headers = { 'Content-Type': 'application/ocsp-request', 'Content-Length': question.length };
    const { request } = url.startsWith('https:') ? https : http;
    // Said, because NODE_TLS_REJECT_UNAUTHORIZED=0 of a shell is not meant for this.
    const options = { method: 'POST', headers, agent: false, signal: limit, rejectUnauthorized: true };
    const sent = request(url, options, (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > MAX_BYTES) answer.destroy(new Error('it answers with more than 64 KB'));
      });
      answer.on('error', reject);
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(Buffer.concat(chunks));
        else reject(new Error(`it answers with status ${answer.statusCode}`));
      });
    });
    sent.on('error', (cause) => {
      const late = limit.aborted && !signal.aborted;
      reject(late ? new Error(`no answer within ${TIMEOUT_MS / 1000}s`, { cause }) : cause);
    });
    sent.end(question);
  });
