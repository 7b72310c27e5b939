/** `name` and `labels` of a healthcheck: only shown, so what is wrong with them is left out with a warning and refuses nothing. */
import type { Naming } from "../model/spec.ts";
import { problem, secretProblem } from "../schema/problem.ts";

/** The longest name and label value, in characters. */
export const MAX_NAME_CHARS = 128;
/** The most labels of a healthcheck: each is a label of a time series. */
export const MAX_LABELS = 16;
/** A label's name, as Prometheus has it. */
export const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]{0,62}$/;
/** Neither control characters nor invisible ones, which would change how the rest of a line reads. */
const SHOWABLE = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u;

/** What was left out. */
export interface NamingWarning {
  readonly path: readonly string[];
  readonly message: string;
}

const NONE: readonly NamingWarning[] = [];
/** What a name and the value of a label may be, as the end of an error message. */
export const NAME_RULE = `a string of at most ${MAX_NAME_CHARS} visible characters`;
/** What labels may be, likewise. */
export const LABELS_RULE = "a map of strings";
const LABEL_RULE = "a label name: letters, digits and _, not a digit first";

/** Takes what can be shown. @param name, labels - as the client or the file has them */
export function readNaming(
  name: unknown,
  labels: unknown,
): { readonly naming: Naming; readonly warnings: readonly NamingWarning[] } {
  if ((name ?? "") === "" && labels == null) return { naming: {}, warnings: NONE };
  const warnings: NamingWarning[] = [];
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
        leaveOut(["labels"], `more than ${MAX_LABELS} labels, the maximum`);
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

/** A number or boolean of YAML is the text that it looks like. */
function asText(value: unknown): string | undefined {
  if (typeof value === "object" || value === undefined) return undefined;
  const text = String(value);
  return text.length <= MAX_NAME_CHARS && SHOWABLE.test(text) ? text : undefined;
}
