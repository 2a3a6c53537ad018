/** One program that configuration is written for: what is written, who checks it, and where it belongs. All of it data. */
import type { ExportedFile, Exporter } from './exported.ts';

export interface Target {
  /** As people write its name. */
  readonly title: string;
  /** `front`: stands before the apps. `init`: starts them. `platform`: does both, elsewhere. `pipeline`: deploys with Holdfast. `monitoring`: shows its numbers. */
  readonly kind: 'front' | 'init' | 'platform' | 'pipeline' | 'monitoring';
  readonly export: Exporter;
  /** What it takes of the options that most do not. */
  readonly takes?: readonly ('ingress' | 'maxInstances')[];
  /** How its own checker looks at the files. Left out: it has none. */
  readonly check?: (files: readonly ExportedFile[], dir: string) => Check;
  readonly install: (files: readonly ExportedFile[], name: string) => Installation;
}

export interface Check {
  /** What the checker needs besides, such as a main file that includes ours. */
  readonly around: readonly ExportedFile[];
  /** One after the other; the first that fails is the answer. */
  readonly commands: readonly (readonly [program: string, ...args: string[]])[];
  /** Its output means trouble even when it ends with 0. */
  readonly trouble?: RegExp;
}

export interface Installation {
  /** Where each file goes, absolute. */
  readonly files: readonly InstalledFile[];
  /** Looks at the whole configuration once ours is part of it. */
  readonly check: readonly (readonly [program: string, ...args: string[]])[];
  /** Puts it into force without cutting anybody off. */
  readonly reload: readonly (readonly [program: string, ...args: string[]])[];
  /** Sees that it is in force. Left out: the reload says so itself. */
  readonly confirm?: readonly (readonly [program: string, ...args: string[]])[];
  /** What is left for a person to do. */
  readonly notes: readonly string[];
}

export interface InstalledFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  /** A person fills it in: it is written when there is none, and never again. */
  readonly once?: boolean;
}
