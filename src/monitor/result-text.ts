/** The text of one healthcheck's results: safe to print, with its code, and with a note while the backend is damped. */
import { clip, MAX_SENTENCE_BYTES } from "../model/printable.ts";
import { type CheckResult, type Conclusive, formatResult, withSafeMessage } from "../model/result.ts";

/** Added to the message of a healthcheck that is damped. */
const DAMPED_NOTE = " (damped: stays unhealthy until it stops flapping)";
const MAX_NOTED_BYTES = MAX_SENTENCE_BYTES - "L4TOUT ".length - DAMPED_NOTE.length;

/** Adds to a result that its backend is damped, if it is. */
export function noted(result: Conclusive, isDamped: boolean): Conclusive {
  if (!isDamped) return result;
  return { ...result, message: `${clip(result.message, MAX_NOTED_BYTES)}${DAMPED_NOTE}` };
}

/** Makes the text of results. The hot path: of results that are alike, one after the other, only the first is made safe and formatted. */
export class ResultText {
  #safeMessage = "";
  #formatted = { code: "", message: "", isDamped: false, text: "" };

  /** Makes the message of a result safe to print. */
  safe(result: CheckResult): CheckResult {
    if (result.message === this.#safeMessage) return result;
    const safe = withSafeMessage(result);
    this.#safeMessage = safe.message;
    return safe;
  }

  /** Returns code and message of a safe result. */
  format(result: Conclusive, isDamped: boolean): string {
    const { code, message } = result;
    const last = this.#formatted;
    if (code === last.code && message === last.message && isDamped === last.isDamped) return last.text;
    this.#formatted = { code, message, isDamped, text: formatResult(noted(result, isDamped)) };
    return this.#formatted.text;
  }
}
