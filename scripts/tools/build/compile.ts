/** Compiles the executable. The same sources give the same bytes, in whatever directory. Called by build.ts and by the release. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { SEALED_VARIABLES } from "../../../src/system/runtime-variables.ts";
import { seal } from "./seal.ts";
import { ROOT } from "./source.ts";

/** Inputs of a compilation. */
export interface CompileOptions {
  /** Path of the executable; its name becomes a part of it. */
  readonly file: string;
  /** Revision that `--version` prints. */
  readonly revision: string;
  /** For another kind of machine than this one; left out, the runtime inside is that of this process. */
  readonly foreign?: {
    /** The compiler's name of the target, `bun-linux-arm64-musl`. */
    readonly target: string;
    /** The runtime for it. */
    readonly runtimeFile: string;
  };
}

/**
 * Writes the executable, in one step: a running one is not disturbed.
 *
 * @throws Error with the compiler's words
 */
export function compile(options: CompileOptions): void {
  const { file } = options;
  mkdirSync(dirname(file), { recursive: true });
  // The compiler writes the name of its output into the output, so a draft cannot have one of its own.
  const draftDir = mkdtempSync(join(dirname(file), ".draft-"));
  const draft = join(draftDir, basename(file));
  try {
    const built = Bun.spawnSync([process.execPath, ...buildArguments({ ...options, file: draft })], {
      cwd: ROOT,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    if (!built.success) throw new Error(`${built.stdout}${built.stderr}`.trim());
    seal(draft, statSync(options.foreign?.runtimeFile ?? process.execPath).size, SEALED_VARIABLES);
    renameSync(draft, file);
  } finally {
    rmSync(draftDir, { recursive: true, force: true });
  }
}

function buildArguments({ file, revision, foreign }: CompileOptions): string[] {
  return [
    "build",
    "--compile",
    ...(foreign === undefined
      ? []
      : [`--target=${foreign.target}`, `--compile-executable-path=${foreign.runtimeFile}`]),
    "--minify",
    "--bytecode",
    // Optional parts (admin interface, telemetry) take no memory until they are loaded.
    "--splitting",
    "--format=esm",
    "--sourcemap=inline", // stacks in the log name files and lines of the sources
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    `--define=BUILD_REVISION=${JSON.stringify(revision)}`,
    // Dependencies look for their own files beside themselves; the executable has none, and where this tree lies must not matter.
    '--define=__dirname="/node_modules"',
    join(ROOT, "src", "main.ts"),
    `--outfile=${file}`,
  ];
}
