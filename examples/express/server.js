// An ordinary Express app. What is usually written for production and is missing here, the edge does: `trust proxy`
// (the address below is that of the client as it is), compression, security headers, static files.
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';

const app = express();

app.get('/', (_request, response) => {
  response.send(
    '<!doctype html><title>Express</title><link rel="stylesheet" href="/assets/style.css"><h1>Express</h1>',
  );
});
app.get('/whoami', ({ ip, protocol }, response) => response.json({ pid: process.pid, ip, protocol }));
app.get('/healthz', (_request, response) => response.send('ok\n'));
app.get('/slow', async (_request, response) => {
  await sleep(1000);
  response.send('A reload waits for this answer\n');
});

const server = app.listen(process.env.PORT ?? 3000, () => console.log('Express listens'));

// This signal comes when the last request is answered. Close here what the app has opened, such as its database.
process.once('SIGTERM', () => server.close(() => console.log('Express is closed')));
