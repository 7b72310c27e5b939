/**
 * Behavior of backends in checks over TLS with versions, client certificates, and faults before, in and after the
 * handshake.
 */
import type { TLSSocket, TlsOptions } from "node:tls";
import type { Behavior } from "./behavior.ts";
import { OK } from "./http-row.ts";
import { closed, inPieces, type Script, scripted } from "./plain-backend.ts";
import { afterHello, openssl } from "./tls-backend.ts";
import { good, https, shows, tcp } from "./tls-row.ts";

const HANDSHAKE_FAILURE = "\x15\x03\x03\x00\x02\x02\x28";

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

/** Starts a backend that offers nothing but some algorithms, as options of OpenSSL name them. */
const offers = (...options: readonly string[]): Behavior["start"] => {
  return ({ pki }) => openssl(pki.pem("rsa"), options);
};

const only = (version: TlsOptions["minVersion"]): Behavior["start"] =>
  good(() => ({ minVersion: version, maxVersion: version }));

/** All of them. */
export const TLS_HANDSHAKE_ROWS: readonly Behavior[] = [
  https("1.0", "speaks TLS 1.0 only", only("TLSv1"), "L6RSP", {}, { curl: "35" }),
  https("1.1", "speaks TLS 1.1 only", only("TLSv1.1"), "L6RSP", {}, { curl: "35" }),
  https("1.2", "speaks TLS 1.2 only", only("TLSv1.2"), "L7OK"),
  https("1.3", "speaks TLS 1.3 only", only("TLSv1.3"), "L7OK"),
  https(
    "suite-1.2",
    "has nothing but a common cipher suite of TLS 1.2 (ECDHE-RSA-AES128-SHA)",
    offers("-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA"),
    "L7OK",
  ),
  https(
    "no-forward-secrecy",
    "has nothing but a cipher suite without forward secrecy (AES256-SHA)",
    offers("-tls1_2", "-cipher", "AES256-SHA"),
    "L7OK",
  ),
  https(
    "dhe",
    "exchanges keys by finite-field Diffie-Hellman only (DHE-RSA-AES256-GCM-SHA384)",
    offers("-tls1_2", "-cipher", "DHE-RSA-AES256-GCM-SHA384"),
    "L6RSP",
    {},
    { curl: "0 200" },
  ),
  https(
    "cbc-sha2",
    "has nothing but a CBC cipher suite with SHA-384 (ECDHE-RSA-AES256-SHA384)",
    offers("-tls1_2", "-cipher", "ECDHE-RSA-AES256-SHA384"),
    "L6RSP",
    {},
    { curl: "0 200" },
  ),
  https(
    "x448",
    "exchanges keys by X448 only",
    offers("-tls1_3", "-groups", "X448"),
    "L6RSP",
    {},
    { curl: "0 200" },
  ),
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
    "accepts and closes immediately",
    () => scripted((peer) => peer.end()),
    "L6RSP",
    {},
    { curl: "35" },
  ),
  https(
    "resets-on-accept",
    "accepts and resets immediately",
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
