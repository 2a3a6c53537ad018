/** init(5) of Upstart 1.4 and later. */
import { launchCommand, portNotes } from '../identity.ts';
import { type BootPlan, type BootSite, isRoot, markFor, STOP_SECONDS } from '../site.ts';

export function upstart(site: BootSite): BootPlan {
  const { name, user } = site;
  // Without setpriv, Upstart itself becomes the user.
  const itself = !isRoot(site) && !site.programs.has('setpriv');
  const text = [
    `# ${markFor(site)}`,
    `description "Holdfast (${site.home.replace(/["\\]/g, '')})"`,
    '',
    'start on runlevel [2345]',
    'stop on runlevel [!2345]',
    '',
    '# It is tried again for ever.',
    'respawn',
    'respawn limit unlimited',
    '# Holdfast ends the apps, each with its own time.',
    `kill timeout ${STOP_SECONDS}`,
    'limit nofile 65536 65536',
    'console log',
    '',
    ...(itself ? [`setuid ${user.name}`, `setgid ${user.group}`] : []),
    `exec ${launchCommand(itself ? { ...site, user: { ...user, uid: 0 } } : site, [], ['run'])}`,
    '',
  ].join('\n');
  return {
    files: [{ path: `/etc/init/${name}.conf`, content: { text, mode: 0o644 } }],
    leftovers: [],
    enable: [{ command: ['initctl', 'reload-configuration'] }],
    start: [{ command: ['initctl', 'start', name] }],
    renew: [{ command: ['initctl', 'stop', name], mayFail: true }, { command: ['initctl', 'start', name] }],
    wake: ['initctl', 'start', name],
    disable: [{ command: ['initctl', 'stop', name], mayFail: true }],
    forget: [{ command: ['initctl', 'reload-configuration'], mayFail: true }],
    status: { command: ['sh', '-c', 'initctl status "$1" | grep -q start/running', 'sh', name] },
    notes: [
      `The script's own messages go to /var/log/upstart/${name}.log, those of the daemon to daemon.log.`,
      ...portNotes(site),
    ],
  };
}
