/** What backends do to a check over TLS: certificates, names, versions, client certificates, and faults before, in and behind the handshake. */
import type { TLSSocket, TlsOptions } from "node:tls";
import { type Behavior, PATIENT, SHORT, type World } from "./behavior.ts";
import { OK } from "./http-row.ts";
import type { CertName } from "./pki.ts";
import { closed, inPieces, type Script, scripted } from "./plain-backend.ts";
import { afterHello, guarded, type SecureScript, secure } from "./tls-backend.ts";

type Rest = Partial<Behavior>;
type Fields = Readonly<Record<string, unknown>>;

/** What fits into one segment at MTU 1500, with IPv4 and TCP timestamps. */
const SEGMENT_BYTES = 1_448;
const HANDSHAKE_FAILURE = "\x15\x03\x03\x00\x02\x02\x28";
const HTTPS = { secure: true, path: "/", expected_codes: [200], server_name: "good.test" };
const UNVERIFIED = { tls_verify: false };

const answer: SecureScript = async (socket, request) => {
  await request;
  socket.end(OK);
};

/** A row whose check asks over HTTPS for status 200; the backend answers it unless a script says otherwise. */
function https(
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
function tcp(
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
function shows(name: CertName, ...chain: readonly CertName[]): Behavior["start"] {
  return ({ pki }) => secure(pki.pem(name, ...chain), answer);
}

/** Starts a backend with the good certificate and further options. */
function good(options: (world: World) => TlsOptions, script = answer): Behavior["start"] {
  return (world) => secure({ ...world.pki.pem("good"), ...options(world) }, script);
}

/** Starts a backend that does something once the handshake is complete. */
function behind(script: (socket: TLSSocket) => void): Behavior["start"] {
  return good(
    () => ({}),
    (socket) => script(socket),
  );
}

/** Starts a backend that does something once the request has come. */
function asked(script: (socket: TLSSocket) => void): Behavior["start"] {
  return good(
    () => ({}),
    async (socket, request) => {
      await request;
      script(socket);
    },
  );
}

/** Starts a backend that does something else than TLS once a ClientHello has come. */
function hello(script: Script): Behavior["start"] {
  return () => afterHello(script);
}

const only = (version: TlsOptions["minVersion"]): Behavior["start"] =>
  good(() => ({ minVersion: version, maxVersion: version }));

/** The server name of a ClientHello, read far enough for these rows. */
function sniOf(bytes: Buffer): string | undefined {
  for (let at = 0; at + 9 <= bytes.length; at++) {
    // The extension's type, then its length, the list's length, the name's type and the name's length.
    const [type, size, list, kind, name] = [
      bytes.readUInt16BE(at),
      bytes.readUInt16BE(at + 2),
      bytes.readUInt16BE(at + 4),
      bytes[at + 6],
      bytes.readUInt16BE(at + 7),
    ];
    if (type === 0 && size === name + 5 && list === name + 3 && kind === 0) {
      return bytes.toString("latin1", at + 9, at + 9 + name);
    }
  }
  return undefined;
}

/** Starts a good backend behind a device that reads the ClientHello. */
function admitting(admits: (first: Buffer) => boolean): Behavior["start"] {
  return async (world) => guarded(await secure(world.pki.pem("good"), answer), admits);
}

/** All of them. */
export const TLS_ROWS: readonly Behavior[] = [
  https("good", "has a valid certificate", shows("good"), "L7OK"),
  https("rsa", "has a valid certificate with an RSA key", shows("rsa"), "L7OK"),
  https("expired", "has an expired certificate", shows("expired"), "L6RSP"),
  https("not-yet-valid", "has a certificate that is not valid yet", shows("future"), "L6RSP"),
  https("other-name", "has a certificate for another name", shows("other"), "L6RSP"),
  https("self-signed", "has a self-signed certificate", shows("selfSigned"), "L6RSP"),
  https("pinned", "has a self-signed certificate that is trusted", shows("pinned"), "L7OK"),
  https("unknown-authority", "has a certificate of an unknown authority", shows("foreignLeaf"), "L6RSP"),
  https("intermediate", "sends its intermediate authority", shows("issued", "issuer"), "L7OK"),
  https("whole-chain", "sends its intermediate and its root", shows("issued", "issuer", "root"), "L7OK"),
  https(
    "unrelated-chain",
    "sends an unrelated certificate before its intermediate",
    shows("issued", "other", "issuer"),
    "L7OK",
  ),
  https("intermediate-missing", "does not send its intermediate authority", shows("issued"), "L6RSP"),
  https(
    "anchor",
    "has a certificate of a trusted intermediate whose root is not trusted",
    shows("anchored"),
    "L7OK",
    {},
    {},
  ),
  https("anchor-sent", "sends such an intermediate as well", shows("anchored", "anchor"), "L7OK", {}, {}),
  https(
    "wildcard",
    "has a certificate for `*.good.test`, asked as `a.good.test`",
    shows("wildcard"),
    "L7OK",
    { server_name: "a.good.test" },
  ),
  https(
    "wildcard-two-labels",
    "has a certificate for `*.good.test`, asked as `a.b.good.test`",
    shows("wildcard"),
    "L6RSP",
    { server_name: "a.b.good.test" },
  ),
  https(
    "wildcard-bare",
    "has a certificate for `*.good.test`, asked as `good.test`",
    shows("wildcard"),
    "L6RSP",
  ),
  https("capitals", "is asked as `GOOD.test`", shows("good"), "L7OK", { server_name: "GOOD.test" }),
  https(
    "name-only",
    "has a certificate with a common name and no alternative names",
    shows("nameOnly"),
    "L7OK",
  ),
  https(
    "other-alternative",
    "has a certificate with another alternative name than its common name",
    shows("otherSan"),
    "L6RSP",
  ),
  https("for-clients", "has a certificate for clients only", shows("forClients"), "L6RSP"),
  https("address", "has a certificate for its address, asked by address", shows("address"), "L7OK", {
    server_name: undefined,
  }),
  https(
    "other-address",
    "has a certificate for another address, asked by address",
    shows("otherAddress"),
    "L6RSP",
    { server_name: undefined },
    {},
  ),
  https(
    "address-name",
    "has a certificate for a name only, asked by address",
    shows("good"),
    "L6RSP",
    { server_name: undefined },
    {},
  ),
  https("trailing-dot", "is asked as `good.test.`", shows("good"), "L7OK", { server_name: "good.test." }),
  https(
    "trailing-dot-sni",
    "refuses an SNI with a dot at its end, and is asked as `good.test.`",
    admitting((first) => sniOf(first) === "good.test"),
    "L7OK",
    { server_name: "good.test." },
  ),
  https(
    "trailing-dot-unverified",
    "refuses an SNI with a dot at its end; the check does not verify",
    admitting((first) => sniOf(first) === "good.test"),
    "L7OK",
    { host: "good.test.", server_name: undefined, ...UNVERIFIED },
  ),
  https("url-name", "is asked by an https URL", shows("good"), "L7OK", {
    path: "https://good.test/",
    secure: undefined,
    server_name: undefined,
  }),
  https(
    "host-header-name",
    "is asked with a Host header",
    admitting((first) => sniOf(first) === "good.test"),
    "L7OK",
    { headers: { Host: "good.test" }, server_name: undefined },
  ),
  https(
    "server-name-first",
    "is asked with another Host header than `server_name`",
    admitting((first) => sniOf(first) === "good.test"),
    "L7OK",
    { headers: { Host: "www.example.test" } },
  ),
  https(
    "sni-needed",
    "resets a ClientHello without SNI",
    admitting((first) => sniOf(first) !== undefined),
    "L7OK",
  ),
  https(
    "sni-none-for-address",
    "resets a ClientHello with an address as SNI",
    admitting((first) => sniOf(first) === undefined),
    "L7OK",
    { server_name: undefined, ...UNVERIFIED },
  ),
  https(
    "one-segment",
    "resets a ClientHello that is longer than a segment",
    admitting((first) => first.length <= SEGMENT_BYTES),
    "L7OK",
  ),
  https(
    "one-segment-unverified",
    "resets a ClientHello that is longer than a segment; the check does not verify",
    admitting((first) => first.length <= SEGMENT_BYTES),
    "L7OK",
    UNVERIFIED,
  ),

  https(
    "unverified-expired",
    "has an expired certificate; the check does not verify",
    shows("expired"),
    "L7OK",
    UNVERIFIED,
  ),
  https(
    "unverified-name",
    "has a certificate for another name; the check does not verify",
    shows("other"),
    "L7OK",
    UNVERIFIED,
  ),
  https(
    "unverified-self-signed",
    "has a self-signed certificate; the check does not verify",
    shows("selfSigned"),
    "L7OK",
    UNVERIFIED,
  ),
  https(
    "unverified-authority",
    "has a certificate of an unknown authority; the check does not verify",
    shows("foreignLeaf"),
    "L7OK",
    UNVERIFIED,
  ),

  https("1.0", "speaks TLS 1.0 only", only("TLSv1"), "L6RSP", {}, { curl: "35" }),
  https("1.1", "speaks TLS 1.1 only", only("TLSv1.1"), "L6RSP", {}, { curl: "35" }),
  https("1.2", "speaks TLS 1.2 only", only("TLSv1.2"), "L7OK"),
  https("1.3", "speaks TLS 1.3 only", only("TLSv1.3"), "L7OK"),
  https(
    "client-wanted",
    "asks for a client certificate and does without",
    good(({ pki }) => ({ ca: pki.pem("root").cert, requestCert: true, rejectUnauthorized: false })),
    "L7OK",
  ),
  https(
    "client-required-1.2",
    "requires a client certificate, TLS 1.2",
    good(({ pki }) => ({
      ca: pki.pem("root").cert,
      requestCert: true,
      rejectUnauthorized: true,
      maxVersion: "TLSv1.2",
    })),
    "L6RSP",
    {},
    { curl: "35" },
  ),
  https(
    "client-required-1.3",
    "requires a client certificate, TLS 1.3",
    good(({ pki }) => ({ ca: pki.pem("root").cert, requestCert: true, rejectUnauthorized: true })),
    "L6RSP",
    {},
    { curl: "56" },
  ),
  https(
    "alpn",
    "speaks HTTP/2 only by ALPN, and HTTP/1.1 without ALPN",
    good(() => ({ ALPNProtocols: ["h2"] })),
    "L7OK",
    {},
    { curl: "35" },
  ),

  https(
    "plain-port",
    "speaks plain HTTP",
    hello(async (peer) => {
      await peer.write("HTTP/1.1 400 Bad Request\r\n\r\n");
      peer.end();
    }),
    "L6RSP",
    {},
    { curl: "35" },
  ),
  https(
    "ssh-port",
    "speaks SSH",
    () => scripted(async (peer) => peer.write("SSH-2.0-OpenSSH_9.2p1\r\n")),
    "L6RSP",
    {},
    { curl: "35" },
  ),
  https(
    "garbage",
    "answers a ClientHello with garbage",
    hello((peer) => peer.write("\x8f\x01\xfe\x7f".repeat(100))),
    "L6RSP",
    {},
    { curl: "35" },
  ),
  https(
    "alert",
    "answers a ClientHello with an alert",
    hello((peer) => peer.write(HANDSHAKE_FAILURE)),
    "L6RSP",
    {},
    { curl: "35" },
  ),
  https(
    "closes",
    "closes when a ClientHello has come",
    hello((peer) => peer.end()),
    "L6RSP",
    {},
    { curl: "35" },
  ),
  https(
    "resets",
    "resets when a ClientHello has come",
    hello((peer) => peer.reset()),
    "L6RSP",
    {},
    { curl: "35" },
  ),
  https(
    "closes-on-accept",
    "accepts and closes at once",
    () => scripted((peer) => peer.end()),
    "L6RSP",
    {},
    { curl: "35" },
  ),
  https(
    "resets-on-accept",
    "accepts and resets at once",
    () => scripted((peer) => peer.reset()),
    "L6RSP",
    {},
    { curl: "35" },
  ),
  https(
    "silent",
    "stays silent when a ClientHello has come",
    hello(() => {}),
    "L6TOUT",
    {},
    { curl: "28" },
  ),
  https(
    "half-hello",
    "sends half of a ServerHello and stays silent",
    hello((peer) => peer.write("\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03")),
    "L6TOUT",
    {},
    { curl: "28" },
  ),
  https(
    "dripped",
    "sends a ServerHello one byte every 100 ms",
    hello((peer) =>
      inPieces(peer, `\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03${"\0".repeat(100)}`, 1, 100),
    ),
    "L6TOUT",
    {},
    { curl: "28" },
  ),

  https(
    "closes-behind",
    "closes when the request has come",
    asked((socket) => socket.end()),
    "L7RSP",
    {},
    { curl: "52" },
  ),
  https(
    "resets-behind",
    "resets when the request has come",
    asked((socket) => socket.resetAndDestroy()),
    "L7RSP",
    {},
    { curl: "56" },
  ),
  https(
    "silent-behind",
    "stays silent behind the handshake",
    asked(() => {}),
    "L7TOUT",
    { timeout: "3s" },
    { curl: "28" },
  ),
  https(
    "status",
    "answers 503",
    asked((socket) => void socket.end("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")),
    "L7STS",
    {},
    { curl: "0 503" },
  ),
  https(
    "answer-then-reset",
    "answers and resets",
    asked((socket) => {
      socket.write(OK, () => socket.resetAndDestroy());
    }),
    "L7OK",
  ),
  https(
    "no-length",
    "answers without a length and closes",
    asked((socket) => void socket.end("HTTP/1.1 200 OK\r\n\r\nok")),
    "L7OK",
    { response: "ok" },
  ),
  tcp(
    "handshake",
    "completes the handshake and waits",
    behind(() => {}),
    "L6OK",
  ),
  tcp("expired", "has an expired certificate; the check only shakes hands", shows("expired"), "L6RSP"),
  tcp(
    "closes",
    "completes the handshake and closes",
    behind((socket) => socket.end()),
    "L6OK",
  ),
  tcp(
    "resets",
    "completes the handshake and resets",
    behind((socket) => socket.resetAndDestroy()),
    "L6OK",
  ),
  tcp("silent", "accepts and never shakes hands", () => scripted(() => {}), "L6TOUT"),
  tcp("refuses", "refuses the connection", closed, "L4CON"),
  tcp(
    "client-required-1.3",
    "requires a client certificate, TLS 1.3; the check only shakes hands",
    good(({ pki }) => ({ ca: pki.pem("root").cert, requestCert: true, rejectUnauthorized: true })),
    "L6OK",
  ),
  tcp(
    "banner",
    "sends a banner behind the handshake",
    behind((socket) => void socket.write("220 ready\r\n")),
    "L7OK",
    { receive: "220 " },
  ),
  tcp(
    "banner-then-fin",
    "sends a banner behind the handshake and closes",
    behind((socket) => void socket.end("220 ready\r\n")),
    "L7OK",
    { receive: "220 " },
  ),
  tcp(
    "wrong-banner",
    "sends another banner behind the handshake",
    behind((socket) => void socket.write("554 no\r\n")),
    "L7RSP",
    { receive: "220 " },
  ),
  tcp(
    "answer",
    "answers behind the handshake",
    asked((socket) => void socket.write("+PONG\r\n")),
    "L7OK",
    { send: "PING\r\n", receive: "+PONG" },
  ),
  tcp(
    "no-banner",
    "completes the handshake and sends nothing",
    behind(() => {}),
    "L7TOUT",
    { receive: "220 ", timeout: "3s" },
  ),
];
