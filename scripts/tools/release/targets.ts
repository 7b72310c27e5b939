/** The kinds of Linux that there is a release for. */

/** One of them. */
export interface Target {
  /** In the names of its files. */
  readonly name: string;
  /** The compiler's name of the target. */
  readonly compiler: string;
  /** The package of npm's registry that has its runtime, as bun.lock names it. */
  readonly runtime: string;
  /** Debian's name of the architecture, where there is a Debian package. */
  readonly debian?: "amd64" | "arm64";
}

/** The x64 runtime detects the features of the processor, so there is only one of each. */
export const TARGETS: readonly Target[] = [
  { name: "linux-x64", compiler: "bun-linux-x64", runtime: "@oven/bun-linux-x64", debian: "amd64" },
  { name: "linux-arm64", compiler: "bun-linux-arm64", runtime: "@oven/bun-linux-aarch64", debian: "arm64" },
  { name: "linux-x64-musl", compiler: "bun-linux-x64-musl", runtime: "@oven/bun-linux-x64-musl" },
  { name: "linux-arm64-musl", compiler: "bun-linux-arm64-musl", runtime: "@oven/bun-linux-aarch64-musl" },
];
