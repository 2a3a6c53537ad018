/** All commands, in the order of the help. */
import type { DefineCommand } from '../program.ts';
import { defineBoot } from './boot.ts';
import { defineCache } from './cache.ts';
import { defineComplete, defineCompletion } from './completion.ts';
import { defineCrashes } from './crashes.ts';
import { defineDelete } from './delete.ts';
import { defineDeploy } from './deploy.ts';
import { defineDoctor } from './doctor.ts';
import { defineDown } from './down.ts';
import { defineEgress } from './egress.ts';
import { defineEnv } from './env.ts';
import { defineEvents } from './events.ts';
import { defineExport } from './export.ts';
import { defineForever } from './forever.ts';
import { defineHashPassword } from './hash-password.ts';
import { defineHost } from './host.ts';
import { defineImport } from './import.ts';
import { defineLogs } from './logs.ts';
import { defineLs } from './ls.ts';
import { defineMan } from './man.ts';
import { defineNotify } from './notify.ts';
import { defineOpen } from './open.ts';
import { definePackages } from './packages.ts';
import { definePause } from './pause.ts';
import { definePm2 } from './pm2.ts';
import { defineProfile } from './profile.ts';
import { defineProxy } from './proxy.ts';
import { defineReceive } from './receive.ts';
import { defineReleases } from './releases.ts';
import { defineReload } from './reload.ts';
import { defineReset } from './reset.ts';
import { defineRestart } from './restart.ts';
import { defineResume } from './resume.ts';
import { defineRollback } from './rollback.ts';
import { defineRun } from './run.ts';
import { defineRunAll } from './run-all.ts';
import { defineScale } from './scale.ts';
import { defineSend } from './send.ts';
import { defineShow } from './show.ts';
import { defineSignal } from './signal.ts';
import { defineStart } from './start.ts';
import { defineStop } from './stop.ts';
import { defineTop } from './top.ts';
import { defineTraffic } from './traffic.ts';
import { defineUp } from './up.ts';
import { defineUpgrade } from './upgrade.ts';

export const allCommands: readonly DefineCommand[] = [
  defineStart,
  defineUp,
  defineDown,
  defineLs,
  defineShow,
  defineStop,
  defineRestart,
  defineReload,
  defineScale,
  defineDeploy,
  defineReleases,
  defineRollback,
  defineReceive,
  defineHost,
  definePackages,
  defineEnv,
  defineDelete,
  defineRun,
  defineRunAll,
  defineSignal,
  defineSend,
  defineReset,
  definePause,
  defineResume,
  defineCache,
  defineLogs,
  defineEvents,
  defineCrashes,
  defineProfile,
  defineTop,
  defineOpen,
  defineTraffic,
  defineNotify,
  defineHashPassword,
  defineEgress,
  defineProxy,
  defineUpgrade,
  defineBoot,
  defineDoctor,
  defineImport,
  defineExport,
  defineForever,
  definePm2,
  defineCompletion,
  defineMan,
  defineComplete,
];
