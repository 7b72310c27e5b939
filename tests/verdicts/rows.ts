/** Every row of the verdict table, in the order of docs/verdicts.md. */
import type { Behavior } from "./behavior.ts";
import { withDifferences } from "./differences.ts";
import { DNS_ROWS } from "./dns-rows.ts";
import { HTTP_BODY_ROWS } from "./http-body-rows.ts";
import { HTTP_ROWS } from "./http-rows.ts";
import { TCP_ROWS } from "./tcp-rows.ts";
import { TLS_ROWS } from "./tls-rows.ts";

/** The rows by the chapter that they stand in. */
export const CHAPTERS: Readonly<Record<string, readonly Behavior[]>> = {
  TCP: TCP_ROWS.map(withDifferences),
  TLS: TLS_ROWS.map(withDifferences),
  "HTTP: status lines, headers, and how the answer comes": HTTP_ROWS.map(withDifferences),
  "HTTP: the body": HTTP_BODY_ROWS.map(withDifferences),
  DNS: DNS_ROWS.map(withDifferences),
};

/** All rows. */
export const ROWS: readonly Behavior[] = Object.values(CHAPTERS).flat();
