/** The status of an HTTP answer in sentences. */
import type { Secrets } from "../../redaction/secrets.ts";
import { excerpt, excerptUnquoted } from "../excerpt.ts";
import type { AnswerError, Head } from "./head.ts";

/** Formats `200 OK`. @param secrets - hidden where the reason phrase repeats them */
export function shownStatus({ statusCode, reason }: Head, secrets: Secrets | undefined): string {
  if (reason === "") return `${statusCode}`;
  return `${statusCode} ${excerptUnquoted(secrets?.hideInReason(reason, statusCode) ?? reason)}`;
}

/** Formats the reason why bytes are not an HTTP answer: the invalid line, or a whole sentence. */
export function shownError(error: AnswerError | string, secrets: Secrets | undefined): string {
  if (typeof error === "string") return error;
  return `not a valid HTTP answer: ${error.problem} ${excerpt(error.line, secrets)}`;
}
