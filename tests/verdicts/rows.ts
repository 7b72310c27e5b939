/** Every row of the verdict table, in the order of docs/verdicts.md. */
import type { Behavior } from "./behavior.ts";
import { withDifferences } from "./differences.ts";
import { DNS_ANSWER_ROWS } from "./dns-answer-rows.ts";
import { DNS_MESSAGE_ROWS } from "./dns-message-rows.ts";
import { DNS_OPTION_ROWS } from "./dns-option-rows.ts";
import { HTTP_ANSWER_ROWS } from "./http-answer-rows.ts";
import { HTTP_BODY_ROWS } from "./http-body-rows.ts";
import { HTTP_HEAD_ROWS } from "./http-head-rows.ts";
import { RADIUS_ROWS } from "./radius-rows.ts";
import { TCP_ROWS } from "./tcp-rows.ts";
import { TLS_CERTIFICATE_ROWS } from "./tls-certificate-rows.ts";
import { TLS_HANDSHAKE_ROWS } from "./tls-handshake-rows.ts";
import { UDP_ROWS } from "./udp-rows.ts";

/** The rows by their chapter. */
export const CHAPTERS: Readonly<Record<string, readonly Behavior[]>> = {
  TCP: TCP_ROWS.map(withDifferences),
  "TLS: certificates and names": TLS_CERTIFICATE_ROWS.map(withDifferences),
  "TLS: the handshake and what follows it": TLS_HANDSHAKE_ROWS.map(withDifferences),
  "HTTP: statuses, and how the answer comes": HTTP_ANSWER_ROWS.map(withDifferences),
  "HTTP: status lines and headers": HTTP_HEAD_ROWS.map(withDifferences),
  "HTTP: the body": HTTP_BODY_ROWS.map(withDifferences),
  "DNS: records and response codes": DNS_ANSWER_ROWS.map(withDifferences),
  "DNS: expectations and options": DNS_OPTION_ROWS.map(withDifferences),
  "DNS: messages": DNS_MESSAGE_ROWS.map(withDifferences),
  UDP: UDP_ROWS.map(withDifferences),
  RADIUS: RADIUS_ROWS.map(withDifferences),
};

/** All rows. */
export const ROWS: readonly Behavior[] = Object.values(CHAPTERS).flat();
