/**
 * Node cannot receive datagrams on unix sockets, which sd_notify(3) sends. A small program that every server has can: one process
 * for the whole daemon, which ends when the daemon does. Into it go `+ <path>` (listen there) and `- <path>` (no longer); out of it come
 * `ok <path>`, `no <path>\t<why>` and `m <path>\t<datagram in hex>`.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface HelperProgram {
  readonly file: string;
  readonly args: readonly string[];
}

const PERL = `
use strict; use Socket; $| = 1; umask 0;
my (%sockets, $said); $said = '';
for (;;) {
  my $ready = ''; vec($ready, 0, 1) = 1;
  vec($ready, fileno $sockets{$_}, 1) = 1 for keys %sockets;
  next if select($ready, undef, undef, undef) < 1;
  for my $path (keys %sockets) {
    next unless vec($ready, fileno $sockets{$path}, 1);
    next unless defined recv($sockets{$path}, my $text, 65536, 0);
    print "m $path\\t" . unpack('H*', $text) . "\\n";
  }
  next unless vec($ready, 0, 1);
  exit 0 unless sysread STDIN, $said, 65536, length $said;
  while ($said =~ s/^(.) ([^\\n]*)\\n//) {
    my ($word, $path) = ($1, $2);
    unlink $path; delete $sockets{$path};
    next if $word eq '-';
    my $socket;
    if (socket($socket, PF_UNIX, SOCK_DGRAM, 0) && bind($socket, sockaddr_un($path))) {
      $sockets{$path} = $socket; print "ok $path\\n";
    } else { print "no $path\\t$!\\n"; }
  }
}
`;

const PYTHON = `
import os, select, socket, sys
os.umask(0)
sockets, said = {}, b''
def say(text): os.write(1, os.fsencode(text) + b'\\n')
while True:
    for ready in select.select([0] + list(sockets.values()), [], [])[0]:
        if ready != 0:
            path = ready.getsockname()
            say('m %s\\t%s' % (path, ready.recv(65536).hex()))
            continue
        chunk = os.read(0, 65536)
        if not chunk: sys.exit(0)
        *lines, said = (said + chunk).split(b'\\n')
        for line in lines:
            word, path = line[:1], os.fsdecode(line[2:])
            if path in sockets: sockets.pop(path).close()
            try: os.unlink(path)
            except OSError: pass
            if word == b'-': continue
            try:
                fresh = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                fresh.bind(path)
                sockets[path] = fresh
                say('ok ' + path)
            except OSError as error: say('no %s\\t%s' % (path, error.strerror))
`;

const PROGRAMS = [
  { name: 'perl', args: ['-e', PERL] },
  { name: 'python3', args: ['-I', '-c', PYTHON] },
] as const;

export const helperNames: readonly string[] = PROGRAMS.map(({ name }) => name);

/** The first one that this machine has; undefined for none. */
export function findHelper(path: string, names: readonly string[] = helperNames): HelperProgram | undefined {
  for (const { name, args } of PROGRAMS) {
    if (!names.includes(name)) continue;
    const file = path
      .split(delimiter)
      .map((dir) => join(dir, name))
      .find(isExecutable);
    if (file !== undefined) return { file, args };
  }
  return undefined;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
