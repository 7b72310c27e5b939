/** `name` and `labels` of a healthcheck: only shown, so an invalid one is left out with a warning, and the healthcheck runs. */
import type { Naming } from "../model/spec.ts";
import { type FieldProblem, problem, secretProblem } from "../schema/problem.ts";

/** Maximum length of a name and of the value of a label, in characters. */
export const MAX_NAME_CHARS = 128;
/** Maximum number of labels of a healthcheck: each is a label of a time series. */
export const MAX_LABELS = 16;
/** The name of a label, as Prometheus requires it. */
export const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]{0,62}$/;
/** No control characters and no invisible ones, which would change the display of the rest of a line. */
const SHOWABLE = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u;

const NONE: readonly FieldProblem[] = [];
/** Rule for a name and the value of a label, as the end of an error message. */
export const NAME_RULE = `a string of at most ${MAX_NAME_CHARS} visible characters`;
/** Rule for labels, as the end of an error message. */
export const LABELS_RULE = "a map of strings";
const LABEL_RULE = "a label name: letters, digits and _, not a digit first";

/** Reads the valid ones. @param name, labels - as the client or the file has them */
export function readNaming(
  name: unknown,
  labels: unknown,
): { readonly naming: Naming; readonly warnings: readonly FieldProblem[] } {
  if ((name ?? "") === "" && labels == null) return { naming: {}, warnings: NONE };
  const warnings: FieldProblem[] = [];
  const leaveOut = (path: readonly string[], message: string) =>
    warnings.push({ path, message: `${message}; it is left out` });
  const text = asText(name ?? "");
  if (text === undefined) leaveOut(["name"], problem(name, NAME_RULE));
  const pairs: (readonly [name: string, value: string])[] = [];
  if (labels != null && (typeof labels !== "object" || Array.isArray(labels))) {
    leaveOut(["labels"], secretProblem(labels, LABELS_RULE));
  } else {
    for (const [label, value] of Object.entries(labels ?? {})) {
      const shown = asText(value);
      if (pairs.length >= MAX_LABELS) {
        leaveOut(["labels"], `too long; must be at most ${MAX_LABELS} labels`);
        break;
      }
      if (!LABEL_NAME.test(label)) leaveOut(["labels"], problem(label, LABEL_RULE));
      else if (shown === undefined) leaveOut(["labels", label], problem(value, NAME_RULE));
      else pairs.push([label, shown]);
    }
  }
  const naming: Naming = {
    ...(text === undefined || text === "" ? {} : { name: text }),
    ...(pairs.length === 0 ? {} : { labels: pairs }),
  };
  return { naming, warnings };
}

/** Reads a number or boolean of YAML as the string that it looks like. */
function asText(value: unknown): string | undefined {
  if (typeof value === "object" || value === undefined) return undefined;
  const text = String(value);
  return text.length <= MAX_NAME_CHARS && SHOWABLE.test(text) ? text : undefined;
}
