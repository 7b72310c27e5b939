/** What TLS to the collector needs: whom to trust, and who we are. */
import { authorities } from "../system/ca-bundle.ts";
import { readTextFile } from "../system/text-file.ts";
import type { ExporterSettings } from "./settings.ts";

/** PEM texts; undefined leaves it to the runtime. */
export interface Trust {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/**
 * Reads the files.
 *
 * @throws Error when one of them cannot be read
 */
export function readTrust({ caFile, certFile, keyFile }: ExporterSettings): Trust {
  const read = (file: string | undefined) => (file === undefined ? undefined : readTextFile(file));
  return { ca: authorities(caFile)?.certificates.join("\n"), cert: read(certFile), key: read(keyFile) };
}

/** Of the texts those that are there, as node:tls takes them. */
export function present(trust: Trust): Partial<Record<keyof Trust, string>> {
  return Object.fromEntries(Object.entries(trust).filter(([, text]) => text !== undefined));
}

const MAX_WORDS = 200;
/** Shorter parts of a header are no secrets, and would be found everywhere. */
const MIN_SECRET = 4;

/** Makes what somebody else said fit for the log: without the headers' values, in one line, not too long. */
export function redactHeaders(words: string, headers: ExporterSettings["headers"]): string {
  const secrets = Object.values(headers).flatMap((value) => [value, ...value.split(/[\s,;=]+/)]);
  let text = words;
  for (const secret of secrets) if (secret.length >= MIN_SECRET) text = text.replaceAll(secret, "…");
  const line = text.replace(/[\p{Cc}\s]+/gu, " ").trim();
  return line.length > MAX_WORDS ? `${line.slice(0, MAX_WORDS)}…` : line;
}
