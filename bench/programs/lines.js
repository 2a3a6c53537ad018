// Waits for SIGUSR2, then prints LINES lines of 120 bytes, one console.log each, as a chatty app does.
const lines = Number(process.env.LINES);
const filling = 'x'.repeat(109);
let n = 0;

function more() {
  for (const end = Math.min(n + 1000, lines); n < end; n++)
    console.log(`${String(n).padStart(9, '0')} ${filling}`);
  if (n < lines) setImmediate(more);
}
process.on('SIGUSR2', more);
setInterval(() => {}, 60_000);
console.log('waiting');
