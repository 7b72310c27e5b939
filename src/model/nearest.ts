/** The known name that was probably meant, for `did you mean …?`. */
import { distance } from "fastest-levenshtein";

const MAX_EDITS = 3;
/** Longer names resemble no known name. */
const MAX_CHARS = 60;

/**
 * Finds the known name nearest to one that is unknown.
 *
 * @returns undefined when none is near: more than a third of the letters differ, or more than three
 */
export function nearest(name: string, known: readonly string[]): string | undefined {
  if (name.length > MAX_CHARS) return undefined;
  const maxEdits = Math.min(MAX_EDITS, Math.floor(name.length / 3));
  let best: string | undefined;
  let minEdits = maxEdits + 1;
  for (const candidate of known) {
    const edits = isSwapped(name, candidate) ? 1 : distance(name, candidate);
    if (edits >= minEdits) continue;
    best = candidate;
    minEdits = edits;
  }
  return best;
}

/** `; did you mean batching?`, or nothing when no known name is near. @param prefix - `server.` */
export function didYouMean(name: string, known: readonly string[], prefix = ""): string {
  const near = nearest(name, known);
  return near === undefined ? "" : `; did you mean ${prefix}${near}?`;
}

/** Returns true when two neighboring letters changed places, the most frequent slip: `prot`. */
function isSwapped(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  const at = [...a].findIndex((letter, index) => letter !== b[index]);
  return at >= 0 && a.slice(0, at) + a.charAt(at + 1) + a.charAt(at) + a.slice(at + 2) === b;
}
