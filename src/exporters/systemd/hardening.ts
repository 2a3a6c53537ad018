/**
 * As much as ordinary Node programs do not notice, systemd.exec(5). Not MemoryDenyWriteExecute: V8 writes code; not RestrictNamespaces and no list of
 * allowed system calls: browsers need more; not ProtectHome and PrivateTmp: apps live in homes, and share files in /tmp.
 */
import type { Service } from '../services/service.ts';

const ALWAYS = [
  'ProtectSystem=full',
  'PrivateDevices=yes',
  'ProtectProc=invisible',
  'ProtectClock=yes',
  'ProtectControlGroups=yes',
  'ProtectHostname=yes',
  'ProtectKernelLogs=yes',
  'ProtectKernelModules=yes',
  'ProtectKernelTunables=yes',
  'LockPersonality=yes',
  'RestrictRealtime=yes',
  'SystemCallArchitectures=native',
  'SystemCallFilter=~@clock @cpu-emulation @module @mount @obsolete @raw-io @reboot @swap',
  'SystemCallErrorNumber=EPERM',
  'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
];

export function hardening({ user, port }: Service): string[] {
  if (user === null || user === 'root' || user === '0') {
    return ['# Nobody else is named, so it runs as root: `hold export systemd --user www-data`', ...ALWAYS];
  }
  const low = port !== null && port < 1024;
  return [
    '# No rights of root, and no way to get them (sudo, setuid programs).',
    'NoNewPrivileges=yes',
    'RestrictSUIDSGID=yes',
    `CapabilityBoundingSet=${low ? 'CAP_NET_BIND_SERVICE' : ''}`,
    ...(low ? ['AmbientCapabilities=CAP_NET_BIND_SERVICE'] : []),
    '# What no app needs: /usr, /boot and /etc cannot be written.',
    ...ALWAYS,
  ];
}
