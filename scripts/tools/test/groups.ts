/**
 * The test files that run side by side, and those that run alone, one after the other. Called by main.ts.
 *
 * A test file runs alone when a line below its head comment says `// alone: REASON`: it measures time, needs the whole machine, or shares
 * something with other files. `bun test` by hand runs every file in turn, and needs no marker.
 */

/** Line in the head of a test file that requests to run alone. */
const MARKER = /^\/\/ alone: \S.*$/m;

/** The marker stands within these first characters of a file. */
const MAX_HEAD_CHARACTERS = 1_500;

/** The test files of one run. */
export interface Groups {
  /** Files that run at the same time, in several processes. */
  readonly parallel: readonly string[];
  /** Files that run one after the other, with nothing beside them. */
  readonly alone: readonly string[];
}

/**
 * Splits test files by their marker.
 *
 * @param files - path and text of each test file
 */
export function groupFiles(files: readonly (readonly [path: string, text: string])[]): Groups {
  const isAlone = ([, text]: readonly [string, string]) => MARKER.test(text.slice(0, MAX_HEAD_CHARACTERS));
  const paths = (wanted: boolean) => files.filter((file) => isAlone(file) === wanted).map(([path]) => path);
  return { parallel: paths(false), alone: paths(true) };
}
