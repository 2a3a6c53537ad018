/** Sizes that Fargate has: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html */

interface Size {
  /** In units of which 1024 are a core. */
  readonly cpu: number;
  /** In MiB. */
  readonly memory: number;
}

const SIZES: readonly Size[] = [
  ...steps(256, [512, 1024, 2048]),
  ...steps(512, gibibytes(1, 4, 1)),
  ...steps(1024, gibibytes(2, 8, 1)),
  ...steps(2048, gibibytes(4, 16, 1)),
  ...steps(4096, gibibytes(8, 30, 1)),
  ...steps(8192, gibibytes(16, 60, 4)),
  ...steps(16_384, gibibytes(32, 120, 8)),
];

/** The smallest that has as much; null: nobody asked for anything, so the platform decides. The largest where none has. */
export function fargateSize(cores: number | null, memoryBytes: number | null): Size | null {
  if (cores === null && memoryBytes === null) return null;
  const cpu = (cores ?? 0) * 1024;
  const memory = (memoryBytes ?? 0) / 1024 ** 2;
  return SIZES.find((size) => size.cpu >= cpu && size.memory >= memory) ?? SIZES.at(-1) ?? null;
}

function steps(cpu: number, memories: readonly number[]): Size[] {
  return memories.map((memory) => ({ cpu, memory }));
}

function gibibytes(first: number, last: number, step: number): number[] {
  return Array.from({ length: (last - first) / step + 1 }, (_, n) => (first + n * step) * 1024);
}
