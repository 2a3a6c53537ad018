import { join } from 'node:path';
import { projectTarget } from '../containers/target.ts';
import { nomad } from './nomad.ts';

export const nomadTarget = projectTarget('Nomad', nomad, 'Then: nomad job run nomad/<job>.nomad.hcl', {
  check: (files, dir) => ({
    around: [],
    // Reads it and prints it, without asking a server.
    commands: files.map(({ path }) => ['nomad', 'job', 'run', '-output', join(dir, path)]),
  }),
});
