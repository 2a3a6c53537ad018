/**
 * The script that every init system is told to keep: `<home>/bin/holdfast-boot run`. It finds a Node and a Holdfast that are there *now*,
 * so upgrading either needs no new unit; it starts the daemon, and stays in the foreground as long as Holdfast lives, whoever is the
 * daemon at the moment. docs/decisions has why it is a shell script.
 */
import { shellQuote } from '../kit/quote.ts';

export interface LauncherFacts {
  readonly home: string;
  readonly user: string;
  readonly userHome: string;
  /** The Node that ran `hold boot enable`. */
  readonly node: string;
  /** The directory of the package: where its `dist` is. */
  readonly package: string;
  /** PATH of daemon and apps, after the directory of Node. */
  readonly path: string;
}

/** 20.19.0 as the script counts. */
const OLDEST_NODE = 20_019_000;

export function launcherScript(facts: LauncherFacts): string {
  const settings = Object.entries({
    home: facts.home,
    user: facts.user,
    user_home: facts.userHome,
    recorded_node: facts.node,
    recorded_package: facts.package,
    path: facts.path,
    oldest_node: String(OLDEST_NODE),
  });
  return [
    '#!/bin/sh',
    `# Written by \`hold boot enable\` for ${facts.home}; \`hold boot disable\` removes it.`,
    '# run: for init systems; daemon: becomes the daemon; where: prints the Node and the package that would be used.',
    ...settings.map(([name, value]) => `${name}=${shellQuote(value)}`),
    SCRIPT,
  ].join('\n');
}

const SCRIPT = String.raw`
alive=$home/run/alive
log=$home/daemon.log
leaving_file=$home/run/leaving
self="$home/bin/holdfast-boot run"
agent_pid=$home/run/agent.pid
listener_pid=$home/run/listener.pid

say() { echo "holdfast: $*" >&2; }

# Sets number: 22.3.1 is 22003001. Fails for what does not run or is no Node.
version() {
  [ -x "$1" ] && [ ! -d "$1" ] || return 1
  number=$("$1" --version 2>/dev/null) || return 1
  number=$(echo "$number" | sed -n 's/^v\([0-9]*\)\.\([0-9]*\)\.\([0-9]*\).*/\1 \2 \3/p')
  [ "$number" ] || return 1
  set -- $number
  number=$(($1 * 1000000 + $2 * 1000 + $3))
}

# Sets node: the one that is known to work, else the newest of all that can be found.
find_node() {
  node=$recorded_node
  version "$node" && [ "$number" -ge "$oldest_node" ] && return
  node='' best=$((oldest_node - 1))
  for candidate in "$(command -v node)" \
    "$user_home"/.nvm/versions/node/*/bin/node \
    "$user_home"/.config/nvm/versions/node/*/bin/node \
    "$user_home"/.local/share/fnm/node-versions/*/installation/bin/node \
    "$user_home"/.fnm/node-versions/*/installation/bin/node \
    "$user_home"/.volta/tools/image/node/*/bin/node \
    "$user_home"/.asdf/installs/nodejs/*/bin/node \
    "$user_home"/.local/share/mise/installs/node/*/bin/node \
    "$user_home"/.nodenv/versions/*/bin/node \
    "$user_home"/n/n/versions/node/*/bin/node \
    "$user_home"/n/bin/node /usr/local/n/versions/node/*/bin/node \
    /usr/local/bin/node /usr/bin/node /opt/homebrew/bin/node /opt/node*/bin/node /usr/local/node*/bin/node
  do
    version "$candidate" && [ "$number" -gt "$best" ] || continue
    node=$candidate best=$number
  done
  [ "$node" ] && return
  say "no Node.js 20.19 or newer is there any more: $recorded_node is gone, and none was found in PATH" \
    "or in the directories of nvm, fnm, volta, asdf, mise, nodenv and n of $user. Install one"
  return 1
}

# Sets package: where it was, else where npm, pnpm, yarn and volta put global packages.
find_package() {
  for package in "$recorded_package" \
    "$(dirname "$node")/../lib/node_modules/holdfast" \
    "$user_home/.npm-global/lib/node_modules/holdfast" \
    "$user_home/.local/lib/node_modules/holdfast" \
    /usr/local/lib/node_modules/holdfast /usr/lib/node_modules/holdfast /opt/homebrew/lib/node_modules/holdfast \
    "$user_home/.volta/tools/image/packages/holdfast/lib/node_modules/holdfast" \
    "$user_home"/.local/share/pnpm/global/*/node_modules/holdfast \
    "$user_home/.config/yarn/global/node_modules/holdfast" \
    "$user_home"/.nvm/versions/node/*/lib/node_modules/holdfast
  do
    [ -f "$package/dist/daemon/main.js" ] && return
  done
  say "Holdfast itself is gone: it was in $recorded_package. Install it again: npm install -g holdfast"
  return 1
}

find_all() {
  find_node && find_package || return 1
  PATH=$(dirname "$node"):$path
}

# In a session of its own: some inits, and Ctrl-C, send their signals to everybody.
become_daemon() {
  unset NOTIFY_SOCKET HOLDFAST_READY_FD
  setsid=$(command -v setsid)
  exec $setsid "$node" "$package/dist/daemon/main.js" --home "$home"
}

# The pid of the daemon, made sure that it is one and not who has got its number.
daemon_pid() {
  pid=$(sed -n 's/.*"pid":\([0-9]*\).*/\1/p' "$home/run/daemon.pid" 2>/dev/null)
  is_ours "$pid" "$home" && echo "$pid"
}

# $2: what its command line must hold.
is_ours() {
  [ "$1" ] || return 1
  if [ -d /proc/self ]; then words=$(tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline"); else words=$(ps -o args= -p "$1"); fi
  case $words in *"$2"*) ;; *) return 1 ;; esac
}

# Ready, or what comes next to it: to whoever waits for that.
announce() {
  say "$1"
  [ -z "$NOTIFY_SOCKET" ] || systemd-notify --ready --status="$1"
  [ -z "$HOLDFAST_READY_FD" ] || echo >&"$HOLDFAST_READY_FD"
}

# Hears what the daemon says until no daemon and no holder is left; its exit status says how that came.
listen() {
  trap '' TERM INT PIPE
  end=10
  while read -r word text; do
    case $word in
      ready) announce "ready: $text" ;;
      attached) announce 'ready: it ran already' ;;
      down) end=11 ;;
      start) [ $end = 11 ] && end=12 ;;
      leave) kill -USR1 $$ ;;
    esac
  done
  return $end
}

# After hold down nothing is left to be kept, until a command wants a daemon.
doze() {
  while read -r word text; do
    case $word in
      start) return 0 ;;
      leave) kill -USR1 $$ ;;
    esac
  done
}

# A daemon that dies just now is replaced by its holder: that one must be told, too.
nag() {
  trap '' TERM INT
  while :; do
    pid=$(daemon_pid) && kill -TERM "$pid" 2>/dev/null
    sleep 1
  done
}

on_term() {
  stopping=yes
  [ -z "$leaving$dozing" ] || finish 0
  [ "$nagger" ] || { (exec 3<&-; nag) & nagger=$!; }
}

on_leave() {
  leaving=yes
  : >"$leaving_file"
  [ -z "$stopping" ] || finish 0
}

finish() {
  for child in $listener $nagger; do kill -KILL "$child" 2>/dev/null; done
  rm -f "$agent_pid" "$listener_pid" "$leaving_file"
  exit "$1"
}

# The exit status of a child; a signal interrupts the waiting, not the child.
await() {
  while :; do
    wait "$1"
    status=$?
    kill -0 "$1" 2>/dev/null || return "$status"
  done
}

run() {
  umask 077
  stopping='' leaving='' dozing='' nagger='' listener=''
  trap on_term TERM INT
  trap on_leave USR1
  rm -f "$leaving_file"
  trap '' HUP
  mkdir -p "$home/run" || exit 1
  echo $$ >"$agent_pid"
  # Of a predecessor that was killed: two that read from one pipe get half a word each.
  pid=$(cat "$listener_pid" 2>/dev/null)
  is_ours "$pid" "$self" && kill -KILL "$pid"
  [ -p "$alive" ] || { rm -f "$alive"; mkfifo -m 600 "$alive"; } || exit 1
  # Opening one end alone would wait for the other.
  exec 8<>"$alive" 3<"$alive"
  while [ -z "$stopping" ]; do
    if find_all; then
      exec 5>"$alive" 8>&-
      (exec </dev/null >>"$log" 2>&1 3<&- 4>&-; become_daemon) &
      daemon=$!
      # Not as redirections of the function: the shell would keep copies to restore.
      (exec <&3 5>&-; listen) &
      listener=$!
      echo $listener >"$listener_pid"
      exec 5>&-
      await "$listener"
      how=$?
      listener=''
      wait "$daemon"
      code=$?
    else
      how=13
    fi
    [ -z "$stopping" ] || break
    case $how in
      11) rest || break ;;
      12) ;;
      13) give_up ;;
      *)
        if [ "$code" -gt 0 ] && [ "$code" -lt 128 ]; then
          say "the daemon could not start (exit code $code); the end of $log:"
        else
          say "daemon and holder have died at once; apps go on, and a new daemon takes over. The end of $log:"
        fi
        tail -n 5 "$log" >&2
        give_up
        ;;
    esac
  done
  finish 0
}

rest() {
  say 'down: nothing runs until hold start or hold up'
  [ -z "$NOTIFY_SOCKET" ] || systemd-notify --status='down: nothing runs until hold start or hold up'
  exec 5>"$alive"
  (exec <&3 4>&-; doze) &
  listener=$!
  echo $listener >"$listener_pid"
  exec 5>&-
  dozing=yes
  [ -z "$stopping" ] || return 1
  await "$listener"
  listener='' dozing=''
}

# The init tries again; where it would not, we do.
give_up() {
  [ "$keep" ] || finish 1
  sleep 1
}

cd /
HOME=$user_home USER=$user LOGNAME=$user PATH=$path
export HOME USER LOGNAME PATH
keep=''
[ "$2" != --keep ] || keep=yes
case $1 in
  run) run ;;
  daemon) find_all && become_daemon; exit 1 ;;
  where) find_all && printf '%s\n%s\n' "$node" "$package" ;;
  running) is_ours "$(cat "$agent_pid" 2>/dev/null)" "$self" ;;
  stop)
    pid=$(cat "$agent_pid" 2>/dev/null)
    is_ours "$pid" "$self" || exit 0
    kill -TERM "$pid"
    while is_ours "$pid" "$self"; do sleep 1; done
    ;;
  *) say 'usage: holdfast-boot run [--keep] | daemon | where | running | stop'; exit 2 ;;
esac
`.trimStart();
