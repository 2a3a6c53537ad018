// app.js on node:cluster: what people write without a supervisor.
import cluster from 'node:cluster';

if (cluster.isPrimary) for (let n = 0; n < 2; n++) cluster.fork();
else await import('./app.js');
