/** Form of the rows of a check over TLS. */
import type { TlsOptions } from "node:tls";
import { type Behavior, PATIENT, SHORT, type World } from "./behavior.ts";
import { OK } from "./http-row.ts";
import type { CertName } from "./pki.ts";
import { type SecureScript, secure } from "./tls-backend.ts";

type Rest = Partial<Behavior>;
type Fields = Readonly<Record<string, unknown>>;

const HTTPS = { secure: true, path: "/", expected_codes: [200], server_name: "good.test" };

/** Answers 200 when the request has come. */
export const answer: SecureScript = async (socket, request) => {
  await request;
  socket.end(OK);
};

/** A row whose check asks over HTTPS for status 200; the backend answers it unless a script says otherwise. */
export function https(
  id: string,
  backend: string,
  start: Behavior["start"],
  wanted: Behavior["wanted"],
  fields: Fields = {},
  rest: Rest = {},
): Behavior {
  const timeout = wanted.endsWith("TOUT") ? SHORT : PATIENT;
  return {
    id: `tls-${id}`,
    backend,
    start,
    wanted,
    haproxy: wanted,
    curl: wanted.endsWith("OK") ? "0 200" : "60",
    ...rest,
    check: { timeout, ...HTTPS, ...fields, checker_type: "http" },
  };
}

/** A row whose check only completes the handshake, or reads a banner behind it. */
export function tcp(
  id: string,
  backend: string,
  start: Behavior["start"],
  wanted: Behavior["wanted"],
  fields: Fields = {},
  rest: Rest = {},
): Behavior {
  const timeout = wanted.endsWith("TOUT") ? SHORT : PATIENT;
  const check = { timeout, secure: true, server_name: "good.test", ...fields, checker_type: "tcp" as const };
  return { id: `tls-tcp-${id}`, backend, start, wanted, haproxy: wanted, ...rest, check };
}

/** Starts a backend that shows a certificate with its chain. */
export function shows(name: CertName, ...chain: readonly CertName[]): Behavior["start"] {
  return ({ pki }) => secure(pki.pem(name, ...chain), answer);
}

/** Starts a backend with the good certificate and further options. */
export function good(options: (world: World) => TlsOptions, script = answer): Behavior["start"] {
  return (world) => secure({ ...world.pki.pem("good"), ...options(world) }, script);
}
