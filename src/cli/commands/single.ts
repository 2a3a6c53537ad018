/**
 * A command by its name alone. `hold ls` is waited for by people and called by scripts: it does not read the files of all
 * the other commands, which takes as long as the rest of it.
 */
import type { DefineCommand } from '../program.ts';

/** undefined for what is no command's name: help, an option, an alias, a mistake. */
export async function singleCommand(name: string | undefined): Promise<DefineCommand | undefined> {
  return name !== undefined && Object.hasOwn(loaders, name) ? loaders[name]?.() : undefined;
}

export const loaders: Readonly<Record<string, () => Promise<DefineCommand>>> = {
  start: async () => (await import('./start.ts')).defineStart,
  up: async () => (await import('./up.ts')).defineUp,
  down: async () => (await import('./down.ts')).defineDown,
  ls: async () => (await import('./ls.ts')).defineLs,
  show: async () => (await import('./show.ts')).defineShow,
  stop: async () => (await import('./stop.ts')).defineStop,
  restart: async () => (await import('./restart.ts')).defineRestart,
  reload: async () => (await import('./reload.ts')).defineReload,
  scale: async () => (await import('./scale.ts')).defineScale,
  deploy: async () => (await import('./deploy.ts')).defineDeploy,
  releases: async () => (await import('./releases.ts')).defineReleases,
  rollback: async () => (await import('./rollback.ts')).defineRollback,
  receive: async () => (await import('./receive.ts')).defineReceive,
  host: async () => (await import('./host.ts')).defineHost,
  packages: async () => (await import('./packages.ts')).definePackages,
  env: async () => (await import('./env.ts')).defineEnv,
  delete: async () => (await import('./delete.ts')).defineDelete,
  run: async () => (await import('./run.ts')).defineRun,
  'run-all': async () => (await import('./run-all.ts')).defineRunAll,
  signal: async () => (await import('./signal.ts')).defineSignal,
  send: async () => (await import('./send.ts')).defineSend,
  reset: async () => (await import('./reset.ts')).defineReset,
  pause: async () => (await import('./pause.ts')).definePause,
  resume: async () => (await import('./resume.ts')).defineResume,
  cache: async () => (await import('./cache.ts')).defineCache,
  logs: async () => (await import('./logs.ts')).defineLogs,
  events: async () => (await import('./events.ts')).defineEvents,
  crashes: async () => (await import('./crashes.ts')).defineCrashes,
  profile: async () => (await import('./profile.ts')).defineProfile,
  top: async () => (await import('./top.ts')).defineTop,
  open: async () => (await import('./open.ts')).defineOpen,
  traffic: async () => (await import('./traffic.ts')).defineTraffic,
  notify: async () => (await import('./notify.ts')).defineNotify,
  'hash-password': async () => (await import('./hash-password.ts')).defineHashPassword,
  egress: async () => (await import('./egress.ts')).defineEgress,
  proxy: async () => (await import('./proxy.ts')).defineProxy,
  upgrade: async () => (await import('./upgrade.ts')).defineUpgrade,
  boot: async () => (await import('./boot.ts')).defineBoot,
  doctor: async () => (await import('./doctor.ts')).defineDoctor,
  import: async () => (await import('./import.ts')).defineImport,
  export: async () => (await import('./export.ts')).defineExport,
  forever: async () => (await import('./forever.ts')).defineForever,
  pm2: async () => (await import('./pm2.ts')).definePm2,
  completion: async () => (await import('./completion.ts')).defineCompletion,
  man: async () => (await import('./man.ts')).defineMan,
  __complete: async () => (await import('./completion.ts')).defineComplete,
};
