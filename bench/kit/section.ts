/** One question that the benchmarks answer. */
export interface Section {
  /** For `--only`. */
  readonly name: string;
  readonly title: string;
  /** How it is measured and what the figures mean, for people. */
  readonly about: string;
  run(settings: Settings): Promise<Findings>;
}

export interface Settings {
  /** Interleaved rounds, of which the median counts. */
  readonly rounds: number;
  /** Length of one load. */
  readonly seconds: number;
  readonly say: (text: string) => void;
}

export interface Findings {
  /** Markdown. */
  readonly text: string;
  readonly aims: readonly Aim[];
}

/** An aim of the project and what came of it. */
export interface Aim {
  readonly what: string;
  readonly aim: string;
  readonly result: string;
  readonly met: boolean;
}
