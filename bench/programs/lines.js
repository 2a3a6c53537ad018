// Waits for SIGUSR2, then prints LINES lines of 120 bytes: one console.log or one stdout.write each, or, with
// WAY=batches, 100 lines in one write, as loggers that buffer do.
const lines = Number(process.env.LINES);
const filling = 'x'.repeat(109);
const line = (n) => `${String(n).padStart(9, '0')} ${filling}`;
const ways = {
  'console.log': (n) => console.log(line(n)),
  'stdout.write': (n) => process.stdout.write(`${line(n)}\n`),
  batches(n) {
    let text = '';
    for (let i = n; i < n + 100; i++) text += `${line(i)}\n`;
    process.stdout.write(text);
  },
};
const way = ways[process.env.WAY ?? 'console.log'];
const step = process.env.WAY === 'batches' ? 100 : 1;
let n = 0;

function more() {
  for (const end = Math.min(n + 1000, lines); n < end; n += step) way(n);
  if (n < lines) setImmediate(more);
}
process.on('SIGUSR2', more);
setInterval(() => {}, 60_000);
console.log('waiting');
