import { createServer } from 'node:http';
import { type Visitor, visitorOf } from './visitor.ts';

/** What the page says; `language` tells which of the two files runs. */
interface Answer extends Visitor {
  readonly pid: number;
  readonly language: 'TypeScript' | 'JavaScript';
}

const language = import.meta.url.endsWith('.ts') ? 'TypeScript' : 'JavaScript';

const server = createServer((request, response) => {
  const answer: Answer = { pid: process.pid, language, ...visitorOf(request) };
  response.setHeader('Content-Type', 'application/json').end(JSON.stringify(answer));
});

server.listen(Number(process.env.PORT ?? 3000), () => console.log(`${language} listens`));
process.once('SIGTERM', () => server.close());
