/**
 * Web servers as people run them, over HTTP and HTTPS: Python's, Node's and nginx, each with a log that shows clients that
 * close too early.
 * Called by the test of what checks leave in the logs of their backends.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Peer, peerPath } from "../base/peers.ts";
import { freePort } from "../base/ports.ts";
import { readLines, stopProcess } from "../base/process.ts";
import { makeTempDir } from "../base/tempdir.ts";
import { until } from "../base/wait.ts";
import type { Target } from "../client/checks.ts";
import type { Cert } from "./certs.ts";
import { startNginx } from "./nginx.ts";

const HOST = "127.0.0.1";
const BODY_BYTES = 200_000;

/** A running server; disposing ends it. */
export interface LoggingServer extends AsyncDisposable {
  readonly http: Target;
  readonly https: Target;
  /** Its log so far, line by line. */
  log(): readonly string[];
}

/** Program of Python's `-m http.server`, once plain and once behind TLS, which that command has only from 3.14 on. */
const PYTHON = `
import http.server, ssl, sys, threading
plain, secure, cert, key = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
def serve(port, context):
    server = Server(("${HOST}", port), http.server.SimpleHTTPRequestHandler)
    if context: server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
threading.Thread(target=serve, args=(secure, context)).start()
serve(plain, None)
`;

/** Streams its body in pieces, as an application that renders does. */
const NODE = `
const [plain, secure, cert, key] = process.argv.slice(2);
const { readFileSync } = require("node:fs");
const say = (words) => process.stderr.write(words + "\\n");
const handler = (request, response) => {
  request.on("error", (error) => say("request: " + error.code));
  response.on("error", (error) => say("response: " + error.code));
  response.on("close", () => response.writableFinished || say("response: closed before its end"));
  response.writeHead(200, { "content-type": "text/plain" });
  let pieces = 0;
  const write = () => {
    if (response.destroyed) return;
    if (++pieces > 5) response.end("end");
    else { response.write("x".repeat(8_000)); setTimeout(write, 1); }
  };
  setImmediate(write);
};
for (const [module, port, options] of [["http", plain, {}], ["https", secure, { cert: readFileSync(cert), key: readFileSync(key) }]]) {
  const server = require("node:" + module).createServer(options, handler);
  server.on("clientError", (error, socket) => { say("client: " + error.code); socket.destroy(); });
  server.on("tlsClientError", (error) => say("handshake: " + error.code));
  server.on(module === "http" ? "connection" : "secureConnection", (socket) => socket.on("error", (error) => say("socket: " + error.code)));
  server.listen(port, "${HOST}");
}
`;

/** Starts Python's server in a directory with a page of 200 kB. */
export function startPython(cert: Cert): Promise<LoggingServer> {
  return startScript("python3", "server.py", PYTHON, cert);
}

/** Starts a Node server that streams. */
export function startNode(cert: Cert): Promise<LoggingServer> {
  return startScript("node", "server.cjs", NODE, cert);
}

/** Starts nginx with an error log at level `info` and a page of 200 kB. */
export async function startLoggingNginx(cert: Cert): Promise<LoggingServer> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(makeTempDir("pages"));
  writeFileSync(join(dir.path, "index.html"), "x".repeat(BODY_BYTES));
  const nginx = stack.use(await startNginx({ tls: cert, locations: `root ${dir.path};` }));
  const errors = join(nginx.baseDir, "error.log");
  const owned = stack.move();
  return {
    http: { hostname: HOST, port: nginx.httpPort },
    https: { hostname: HOST, port: nginx.httpsPort ?? 0 },
    log: () => (existsSync(errors) ? readFileSync(errors, "utf8").trimEnd().split("\n") : []),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function startScript(program: Peer, name: string, script: string, cert: Cert): Promise<LoggingServer> {
  const dir = makeTempDir("server");
  writeFileSync(join(dir.path, name), script);
  writeFileSync(join(dir.path, "index.html"), "x".repeat(BODY_BYTES));
  const [plain, secure] = [freePort(), freePort()];
  const child = Bun.spawn(
    [peerPath(program), join(dir.path, name), `${plain}`, `${secure}`, cert.certFile, cert.keyFile],
    { cwd: dir.path, stdin: "ignore", stdout: "ignore", stderr: "pipe" },
  );
  const lines: string[] = [];
  const reading = readLines(child.stderr, (line) => lines.push(line));
  const stop = async () => {
    await stopProcess(child);
    await reading;
    dir.remove();
  };
  try {
    for (const port of [plain, secure]) {
      const up = () => child.exitCode !== null || isListening(port);
      await until(up, 15_000, `${program} to listen`);
    }
    if (child.exitCode !== null) throw new Error(`${program} did not start: ${lines.join("\n")}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    http: { hostname: HOST, port: plain },
    https: { hostname: HOST, port: secure },
    log: () => lines,
    [Symbol.asyncDispose]: stop,
  };
}

/** Returns true when a process listens, by the kernel's table: a probing connection would be in the log. */
function isListening(port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return new RegExp(`^ *\\d+: 0100007F:${hex} 00000000:0000 0A `, "m").test(
    readFileSync("/proc/net/tcp", "utf8"),
  );
}
