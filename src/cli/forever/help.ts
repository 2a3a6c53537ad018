/** What `hold forever help` prints. */

export const help = `usage: hold forever [action] [options] SCRIPT [script-options]

Runs scripts as forever does, kept by Holdfast. All that follows SCRIPT is for the script.

actions:
  SCRIPT              Run SCRIPT in the foreground
  start SCRIPT        Start SCRIPT in the background; also a .json file with one process or a list
  stop TARGET         Stop by script, id, index, uid or pid; "end" is the same
  stopall             Stop all
  restart TARGET      Restart, also what has ended
  restartall          Restart all
  list                List what was started here
  logs [TARGET]       List log files, or print the last lines of one (-n lines, -f to follow)
  config              List the settings in the root
  set KEY VALUE       Change one: loglength, logFile, pidFile, ...
  clear KEY           Remove one
  columns add COLUMN  Columns of the list: uid, id, command, script, forever, pid,
  columns rm COLUMN     logfile, dir, uptime
  columns set "A B"
  columns reset
  cleanlogs           Delete the log files in the root that no process uses

options:
  -m, --max N         Run it N times at most
  -l, --logFile F     All of its output, relative to the root
  -o, --outFile F     Its stdout, relative to this directory
  -e, --errFile F     Its stderr, relative to this directory
  -a, --append        Append to these files
  -s, --silent        No output here and in the log file
  -p, --path DIR      The root (default: FOREVER_ROOT, else ~/.forever)
  -c, --command CMD   What runs the script, such as "node --expose-gc" (default: node)
  -u, --uid NAME      A name for it
      --id ID         Another one
      --pidFile F     Its pid, relative to pids/ in the root
      --sourceDir DIR   Where SCRIPT is
      --workingDir DIR  Where it runs (default: sourceDir)
      --minUptime MS    One that ends before this is not started again (default: 1000) ...
      --spinSleepTime MS  ... unless this is given: then after this pause
  -w, --watch         Restart it when files change
      --watchDirectory DIR  Where (repeatable; default: sourceDir)
      --watchIgnore GLOB    What does not count (repeatable); also in .foreverignore
      --killSignal SIG  What stops it (default: SIGTERM); SIGKILL follows
  -t, --killTree      What it started ends with it: always so, unless --no-killTree
  -f, --fifo          Follow (logs)
  -n, --number N      How many lines (logs)
      --plain, --no-colors  No colours
      --version, -h, --help

What is different, and how to go on from here: docs/moving-from-forever.md`;
