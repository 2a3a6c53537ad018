/**
 * What was the matter, from what is known of a crash: how it ended, its last output, Node's report, what the kernel says. Pure.
 * Each symptom knows one thing; the first that recognises something has the word.
 */
import type { AppPlan } from '../config/plan.ts';
import { formatBytes } from '../kit/units.ts';
import type { OutputLine } from '../protocol/api.ts';
import type { Exit } from '../supervisor/exit.ts';
import type { KernelKill } from './kernel-kills.ts';
import type { PortOwner } from './port-owner.ts';
import type { BlockedAt, NodeReport } from './reports.ts';
import { lastStack } from './stack-in-output.ts';

export interface Evidence {
  readonly plan: AppPlan;
  readonly exit: Exit;
  readonly cause: string;
  readonly output: readonly OutputLine[];
  readonly report: NodeReport | null;
  readonly blocked: BlockedAt | null;
  /** Why it was not ready, when it was ended for that. */
  readonly notReady: string | null;
  /** It reached the memory limit that it was given. */
  readonly reachedLimit: boolean;
  /** Asked only when it makes a difference. */
  kernelKill(): KernelKill | null;
  portOwner(port: number): PortOwner | undefined;
}

export interface Diagnosis {
  /** What was found out beyond how it ended; null: nothing. */
  readonly diagnosis: string | null;
  /** What to do, when that can be said. */
  readonly advice: string | null;
  /** Where it was, innermost first. */
  readonly stack: readonly string[];
}

type Symptom = (evidence: Evidence, text: string) => Partial<Diagnosis> | null;

export function diagnose(evidence: Evidence): Diagnosis {
  const text = evidence.output.map((line) => line.text).join('\n');
  for (const symptom of symptoms) {
    const found = symptom(evidence, text);
    if (found) return { diagnosis: null, advice: null, stack: [], ...found };
  }
  return { diagnosis: null, advice: null, stack: [] };
}

const blocked: Symptom = ({ cause, blocked: at }) => {
  if (!cause.startsWith('the event loop was blocked')) return null;
  if (at === null) {
    return {
      diagnosis:
        'it was not in JavaScript: a synchronous call of Node, such as execSync, or an addon held it',
      advice: 'Use the asynchronous form of the call',
    };
  }
  return {
    stack: at.stack,
    advice:
      'The code at the top of the stack did not let go: do such work in a worker thread, or in small pieces',
  };
};

const ill: Symptom = ({ cause, plan }) => {
  if (!cause.startsWith('its health check failed')) return null;
  return {
    advice: `It ran, but was not well in the eyes of \`health\`; \`hold events\` and \`hold logs ${plan.name}\` show what came before`,
  };
};

const readyHints: Record<AppPlan['ready']['by'], string> = {
  auto: 'It must listen on its port (the environment variable PORT); `ready: "started"` if it never listens',
  listen:
    'It must listen on its port (the environment variable PORT); `ready: "started"` if it never listens',
  started: 'See its last output',
  message: "It must call process.send('ready') when it can work",
  notify: 'It must send READY=1 to the socket in NOTIFY_SOCKET when it can work, see sd_notify(3)',
  probe: 'Its `ready` check must succeed; a longer `readyTimeout` helps one that only needs more time',
};

const neverReady: Symptom = ({ cause, notReady, plan }) =>
  cause.startsWith('not ready within') ? { diagnosis: notReady, advice: readyHints[plan.ready.by] } : null;

const heapFull: Symptom = ({ report, plan }, text) => {
  const isFull = report?.header?.trigger === 'OOMError' || /JavaScript heap out of memory/.test(text);
  if (!isFull) return null;
  const limit = report?.javascriptHeap?.memoryLimit;
  const size = limit === undefined ? '' : ` (${formatBytes(limit)})`;
  const more = Math.ceil((limit ?? 512 * 1024 * 1024) / (1024 * 1024)) * 2;
  return {
    diagnosis: `it reached the limit of its JavaScript heap${size}`,
    advice: `If it needs that much: node --max-old-space-size=${more} in \`run\`. If its memory only ever grows it leaks: \`memory: '…'\` replaces it in time, without a gap. See \`hold show ${plan.name}\``,
  };
};

const killedForMemory: Symptom = (evidence) => {
  const { exit, cause, reachedLimit, plan } = evidence;
  if (reachedLimit) {
    const limit = plan.memory.hardBytes;
    return {
      diagnosis: `it reached its memory limit${limit === null ? '' : ` (${formatBytes(limit)})`}, and the kernel ended it`,
      advice: 'Raise `memory.hard`, or set `memory.soft` below it to have it replaced in time, without a gap',
    };
  }
  // A SIGKILL of ours is no riddle: the cause says why.
  if (exit.signal !== 'SIGKILL' || !cause.startsWith('killed by')) return null;
  const kill = evidence.kernelKill();
  if (kill === null) {
    return {
      diagnosis: 'somebody else sent it SIGKILL: Holdfast did not, and the kernel does not say that it did',
    };
  }
  const perhaps = kill === 'certain' ? '' : ' most likely';
  return {
    diagnosis: `the machine was out of memory, and the kernel${perhaps} ended it`,
    advice: 'Free memory, or limit what the apps take: `memory`, `instances`. `dmesg` shows who had how much',
  };
};

const portTaken: Symptom = ({ portOwner, plan }, text) => {
  const match = last(/EADDRINUSE[^\n]*?[\s:](\d+)\s*$/gm, text);
  if (!match) return null;
  const port = Number(match[1]);
  const owner = portOwner(port);
  const who = owner ? `in use by ${owner.name} (pid ${owner.pid})` : 'in use by another program';
  return {
    diagnosis: `port ${port} is ${who}`,
    advice: `Stop that program, or let ${plan.name} listen on another port`,
  };
};

const portDenied: Symptom = (_, text) => {
  const match = last(/listen EACCES[^\n]*?:(\d+)\s*$/gm, text);
  if (!match) return null;
  return {
    diagnosis: `its user may not listen on port ${match[1]}`,
    advice: 'Set `port` in the configuration, so that Holdfast opens it, or choose one from 1024 on',
  };
};

const missingModule: Symptom = ({ plan }, text) => {
  const name = last(/Cannot find (?:module|package) '([^']+)'/g, text)?.[1];
  if (name === undefined) return null;
  if (/^(\.|\/|file:)/.test(name)) {
    return {
      diagnosis: `the file "${name}" is not there`,
      advice: `Check the path, and whether it was built; the working directory is "${plan.cwd}"`,
    };
  }
  return {
    diagnosis: `the package "${name}" is not installed`,
    advice: `Run \`npm install\` in "${plan.cwd}"; with NODE_ENV=production it leaves out devDependencies`,
  };
};

const outOfSomething: Symptom = (_, text) => {
  if (/ENOSPC[^\n]*file watchers/.test(text)) {
    return {
      diagnosis: 'the machine allows no more file watchers',
      advice: 'Raise fs.inotify.max_user_watches with sysctl(8)',
    };
  }
  if (/ENOSPC|No space left on device/i.test(text)) {
    return { diagnosis: 'the disk is full', advice: 'Free some space: `df -h` shows where' };
  }
  if (/\bE[MN]FILE\b|too many open files/i.test(text)) {
    return {
      diagnosis: 'it had too many files and connections open',
      advice: 'Raise the limit with `ulimits: { nofile: 65536 }`, or look for what it does not close',
    };
  }
  return null;
};

const badStart: Symptom = ({ exit }, text) => {
  const option = last(/node: bad option: (.+)$/gm, text)?.[1];
  if (option !== undefined) {
    return { diagnosis: `this Node (${process.version}) does not know the option ${option}` };
  }
  if (exit.code === 126 || exit.code === 127 || /bad interpreter/.test(text)) {
    const missing = last(/([^\s:]+): (?:command )?not found/g, text)?.[1];
    return {
      diagnosis: `a program that it runs is missing${missing ? `: "${missing}"` : ', or may not be executed'}`,
      advice: 'Install it, or add its directory to PATH in `env`; `hold show` prints the environment',
    };
  }
  if (exit.code === 13) {
    return {
      diagnosis: 'an `await` at the top level of a module never finished, and nothing else was left to do',
    };
  }
  return null;
};

const uncaught: Symptom = (_, text) => {
  const found = lastStack(text.split('\n'));
  if (!found) return null;
  const isRejection = /triggerUncaughtException\(err, true|ERR_UNHANDLED_REJECTION/.test(text);
  return {
    diagnosis: `${isRejection ? 'unhandled rejection' : 'uncaught exception'}: ${found.headline}`,
    stack: found.stack,
  };
};

const nativeCrash: Symptom = ({ exit }) => {
  if (!['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE'].includes(exit.signal ?? '')) return null;
  return {
    diagnosis: 'machine code crashed: a native addon, or Node itself',
    advice: 'Rebuild the addons for this Node (`npm rebuild`), or update those that have machine code',
  };
};

const endedByOthers: Symptom = ({ exit }) => {
  const isOutside =
    exit.signal === 'SIGTERM' || exit.signal === 'SIGINT' || exit.code === 143 || exit.code === 130;
  return isOutside ? { diagnosis: 'somebody else told it to end: Holdfast did not' } : null;
};

const endedWell: Symptom = ({ exit }) =>
  exit.code === 0
    ? {
        diagnosis: 'it ended by itself, without an error: nothing was left for it to do',
        advice: "If that is how it should be: `restart: 'on-failure'`, or `cron` for a job",
      }
    : null;

const symptoms: readonly Symptom[] = [
  blocked,
  ill,
  neverReady,
  heapFull,
  killedForMemory,
  portTaken,
  portDenied,
  missingModule,
  outOfSomething,
  badStart,
  nativeCrash,
  endedByOthers,
  endedWell,
  uncaught,
];

function last(pattern: RegExp, text: string): RegExpMatchArray | undefined {
  return [...text.matchAll(pattern)].at(-1);
}
