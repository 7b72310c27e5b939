/** Form of the rows of an http check: answers as text, and the common parts of all rows. */
import { type Behavior, PATIENT, SHORT } from "./behavior.ts";
import { type Script, scripted } from "./plain-backend.ts";

/** The beginning of a good answer. */
export const HEAD = "HTTP/1.1 200 OK\r\n";
/** A whole answer with the body `ok`. */
export const WHOLE = (status: string, headers = ""): string =>
  `HTTP/1.1 ${status}\r\n${headers}Content-Length: 2\r\n\r\nok`;
/** The good answer. */
export const OK = WHOLE("200 OK");
/** Fields of a check that expects the body to begin with `ok`. */
export const BODY_WANTED = { response: "ok" };
/** A script that waits for the request and answers with one text. */
export function answers(text: string, then?: "end" | "reset"): Script {
  return async (peer) => {
    await peer.request();
    if (text !== "") await peer.write(text);
    if (then === "end") peer.end();
    if (then === "reset") peer.reset();
  };
}

/** The `start` of a row. */
export function row(script: Script): Behavior["start"] {
  return () => scripted(script);
}

/**
 * One row: GET / where 200 is expected, unless the fields say otherwise.
 * Unless `rest` says otherwise, HAProxy finds the same code, and curl succeeds where the check does.
 */
export function http(
  id: string,
  backend: string,
  script: Script,
  wanted: Behavior["wanted"],
  fields: Readonly<Record<string, unknown>> = {},
  rest: Partial<Behavior> = {},
): Behavior {
  const timeout = wanted.endsWith("TOUT") ? SHORT : PATIENT;
  return {
    id: `http-${id}`,
    backend,
    start: row(script),
    wanted,
    haproxy: wanted,
    curl: "0 200",
    ...rest,
    check: { timeout, path: "/", expected_codes: [200], ...fields, checker_type: "http" },
  };
}
