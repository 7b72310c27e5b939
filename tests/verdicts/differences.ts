/**
 * Rows on which HAProxy or curl disagrees with the server, with the reason why the server is right: the disagreements of the whole table in one
 * place. A cell is left out only where the reference itself gives different results from one check to the next.
 */
import type { Behavior } from "./behavior.ts";

/** Results of the references in place of the row's own cells. */
export type Difference = Pick<Behavior, "haproxy" | "curl" | "why">;

const RACE = {
  leftOut: "HAProxy's result depends on whether the reset is there when it looks.",
};
const CURL_RACE = { leftOut: "curl's exit status depends on whether the reset is there when it looks." };

const WAITS: Difference = {
  haproxy: "L7TOUT",
  why: "HAProxy waits for more bytes until its timeout, although none can make these right.",
};
const LIBRARY: Difference = {
  haproxy: "L7OK",
  why: "The server's TLS library (BoringSSL) has left it out, as browsers and Go have; HAProxy and curl use OpenSSL.",
};
const BODY_CODE: Difference = {
  haproxy: "L7RSP",
  why: "HAProxy reports L7RSP for another body; the server keeps L7RSP for answers that are not valid HTTP.",
};
const SOCKET_CODE: Difference = {
  haproxy: "SOCKERR",
  why: "HAProxy reports a reset as an error of its socket; the backend had been asked, so the answer is what failed.",
};
const INTERIM: Difference = {
  haproxy: "L7STS",
  why: "HAProxy takes an interim answer (1xx) for the final one; RFC 9110, 15.2 has the client wait for the final one.",
};
const VERSION: Difference = {
  haproxy: "L7OK",
  why: "HAProxy takes any protocol and version in the status line; a client that speaks HTTP/1 cannot use this backend.",
};
const ODD_LINE: Difference = {
  haproxy: "L7RSP",
  why: "The status came, and nothing depends on this line; HAProxy rejects the answer for it.",
};
const LARGE: Difference = {
  haproxy: "L7RSP",
  why: "The size of HAProxy's buffer (16 kB, 100 headers) says nothing about the backend.",
};
const ANCHOR: Difference = {
  haproxy: "L6RSP",
  why: "A trusted CA is an anchor at any place in a chain, as for curl and Go; HAProxy wants its root as well.",
};
const NAMES_ONLY: Difference = {
  haproxy: "L7OK",
  why: "HAProxy compares names only and cannot verify a target that goes by its address.",
};
const DOT: Difference = {
  haproxy: "L6RSP",
  why: "RFC 6066, 3: SNI has no trailing dot, and names are compared without it; HAProxy uses the name as written.",
};
const ENOUGH = "The expected bytes are there; the check does not ask for the rest of the body.";
const HEAD_DECIDES = "The check asks for a status only, so the headers decide; curl waits for the body.";

/** By the id of the row. */
export const DIFFERENCES: Readonly<Record<string, Difference>> = {
  "tcp-banner-then-reset": { haproxy: RACE },
  "tcp-half-banner-then-reset": { haproxy: RACE },
  "tcp-reset-for-banner": { haproxy: RACE },
  "tcp-answers-then-resets": { haproxy: RACE },
  "tcp-wrong-banner": WAITS,
  "tcp-banner-later": WAITS,
  "tcp-nul-banner": WAITS,
  "tcp-other-binary-banner": WAITS,
  "tcp-answers-otherwise": WAITS,
  "tcp-echoes": WAITS,
  "tcp-resets-when-asked": SOCKET_CODE,

  "tls-tcp-wrong-banner": WAITS,
  "tls-anchor": ANCHOR,
  "tls-anchor-sent": ANCHOR,
  "tls-other-address": NAMES_ONLY,
  "tls-address-name": NAMES_ONLY,
  "tls-other-alternative": {
    haproxy: "L7OK",
    why: "RFC 6125, 6.4.4: the common name does not count beside alternative names; HAProxy takes either.",
  },
  "tls-trailing-dot": DOT,
  "tls-trailing-dot-sni": DOT,
  "tls-trailing-dot-unverified": DOT,
  "tls-client-required-1.3": {
    haproxy: { leftOut: "HAProxy's result depends on whether the alert is there when it sends the request." },
  },
  "tls-dhe": LIBRARY,
  "tls-cbc-sha2": LIBRARY,
  "tls-x448": LIBRARY,
  "tls-alpn": { why: "curl offers `http/1.1` by ALPN, which the backend refuses; the check offers nothing." },
  "tls-resets-on-accept": { haproxy: RACE, curl: CURL_RACE },
  "tls-resets-behind": SOCKET_CODE,
  "tls-answer-then-reset": { haproxy: RACE },

  "http-resets": SOCKET_CODE,
  "http-resets-on-accept": { haproxy: RACE, curl: CURL_RACE },
  "http-closes-on-accept": { haproxy: RACE, curl: CURL_RACE },
  "http-half-status-line": { curl: "52" },
  "http-half-status-line-reset": { haproxy: RACE },
  "http-half-headers": {
    why: "The end of the headers did not come: the answer is cut off; curl does not notice.",
  },
  "http-answer-then-reset": { haproxy: RACE },
  "http-early-and-resets": { haproxy: RACE, curl: CURL_RACE },
  "http-interim-100": INTERIM,
  "http-interim-102": INTERIM,
  "http-interim-103": INTERIM,
  "http-interim-later": INTERIM,
  "http-interim-only": INTERIM,
  "http-interim-silent": INTERIM,
  "http-interim-many": {
    haproxy: "L7STS",
    why: "More than 16 interim answers are a loop in the backend; curl reads any number, and HAProxy takes the first for the final one.",
  },
  "http-upgrade": {
    haproxy: "L7RSP",
    curl: "28",
    why: "The check expects 101; HAProxy does not support it, and curl waits for the new protocol.",
  },
  "http-upgrade-unwanted": {
    haproxy: "L7RSP",
    curl: "28",
    why: "The answer is valid HTTP with an unexpected status; HAProxy does not support 101.",
  },
  "http-status-000": {
    haproxy: "L7OK",
    curl: "1",
    why: "RFC 9110, 15: a status has three digits, 100 or more.",
  },
  "http-status-099": {
    haproxy: "L7OK",
    curl: "1",
    why: "RFC 9110, 15: a status has three digits, 100 or more.",
  },
  "http-status-two-digits": {
    haproxy: "L7STS",
    why: "RFC 9110, 15: a status has three digits, so this is not a valid answer; HAProxy calls it an unexpected status.",
  },
  "http-status-four-digits": {
    haproxy: "L7STS",
    why: "RFC 9110, 15: a status has three digits, so this is not a valid answer; HAProxy calls it an unexpected status.",
  },
  "http-status-lower-case": {
    curl: "0 200",
    why: "RFC 9112, 2.3: the protocol's name is case-sensitive; curl takes it in any case.",
  },
  "http-status-http12": {
    curl: "1",
    why: "RFC 9110, 2.5: a client takes a higher minor version of its major version; curl knows 1.0 and 1.1 only.",
  },
  "http-status-http2": {
    curl: "0 200",
    why: "`HTTP/2` has no status line of this kind; a client that speaks HTTP/1 cannot use this backend.",
  },
  "http-status-http3": VERSION,
  "http-status-http9": VERSION,
  "http-status-rtsp": VERSION,
  "http-blank-lines": {
    curl: "1",
    why: "Blank lines before a status line are left over from a former message; HAProxy skips them, curl does not.",
  },
  "http-header-blank-in-name": ODD_LINE,
  "http-header-blank-before-colon": ODD_LINE,
  "http-header-at-in-name": ODD_LINE,
  "http-header-no-name": ODD_LINE,
  "http-header-no-colon": {
    ...ODD_LINE,
    curl: "8",
    why: "The status came, and nothing depends on this line; HAProxy and curl reject the answer for it.",
  },
  "http-header-php-notice": {
    ...ODD_LINE,
    curl: "8",
    why: "The status came, and nothing depends on this line; HAProxy and curl reject the answer for it.",
  },
  "http-header-nul": {
    curl: "8",
    why: "The status came, and nothing depends on this line; curl rejects the answer for it.",
  },
  "http-header-many": LARGE,
  "http-header-long-line": LARGE,
  "http-header-100kb": LARGE,
  "http-header-900kb": {
    ...LARGE,
    curl: "56",
    why: "The size of a reference's buffer (HAProxy 16 kB, curl 300 kB) says nothing about the backend.",
  },

  "http-body-wrong": BODY_CODE,
  "http-body-empty": BODY_CODE,
  "http-body-short": BODY_CODE,
  "http-body-no-length-short": BODY_CODE,
  "http-body-gzip": BODY_CODE,
  "http-body-204": BODY_CODE,
  "http-body-no-length-reset": { haproxy: RACE, why: ENOUGH },
  "http-body-no-length-open": { why: ENOUGH },
  "http-body-chunked-no-end": { why: ENOUGH },
  "http-body-chunked-open": { why: ENOUGH },
  "http-body-chunked-overlong": { haproxy: "L7RSP", why: ENOUGH },
  "http-body-cut-behind": { why: ENOUGH },
  "http-body-cut-by-reset": { haproxy: RACE },
  "http-body-different-lengths": { curl: "28" },
  "http-framing-no-length-open": { why: HEAD_DECIDES },
  "http-framing-body-never": { why: HEAD_DECIDES },
  "http-framing-body-cut-close": { why: HEAD_DECIDES },
  "http-framing-body-cut-reset": { haproxy: RACE, why: HEAD_DECIDES },
  "http-framing-endless": { why: HEAD_DECIDES },
  "http-framing-chunked-bad-size": {
    haproxy: "L7RSP",
    why: "The check asks for a status only, so the headers decide; HAProxy and curl read the first chunk.",
  },
  "http-framing-different-lengths": { curl: "28" },
  "http-framing-huge-length": { curl: "28" },
  "http-framing-unknown-coding": {
    haproxy: "L7RSP",
    curl: "61",
    why: "RFC 9112, 6.3, rule 4: such a body ends with the connection, and the check does not ask for it.",
  },
};

/** The row with what the references find in it. */
export function withDifferences(row: Behavior): Behavior {
  return { ...row, ...DIFFERENCES[row.id] };
}
