// Waits for SIGUSR2, then prints LINES lines of 120 bytes, one call each: WAY=console.log or WAY=stdout.write.
const lines = Number(process.env.LINES);
const filling = 'x'.repeat(109);
const print = process.env.WAY === 'stdout.write' ? (line) => process.stdout.write(`${line}\n`) : console.log;
let n = 0;

function more() {
  for (const end = Math.min(n + 1000, lines); n < end; n++) print(`${String(n).padStart(9, '0')} ${filling}`);
  if (n < lines) setImmediate(more);
}
process.on('SIGUSR2', more);
setInterval(() => {}, 60_000);
console.log('waiting');
