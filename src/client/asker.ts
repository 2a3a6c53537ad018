/** Who asks, as far as this process knows it: told to the daemon for the journal, and not proven by anything. */
import { hostname, userInfo } from 'node:os';

/** `ann@laptop`, `root@app1 (sudo by ann)`, `deploy@app1 from 10.0.0.7`: see sudo(8) and SSH_CONNECTION in ssh(1). */
export function askerOf(env: NodeJS.ProcessEnv, own = `${userName()}@${hostname()}`): string {
  // A command that the dashboard has started for somebody.
  if (env.HOLDFAST_BY) return env.HOLDFAST_BY;
  const [address] = (env.SSH_CONNECTION ?? '').split(' ');
  return [
    own,
    ...(env.SUDO_USER ? [`(sudo by ${env.SUDO_USER})`] : []),
    ...(address ? [`from ${address}`] : []),
  ].join(' ');
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container a uid need not have a name.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
