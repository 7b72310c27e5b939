/** HTTP checks through a proxy: a real one, and proxies that break every rule of CONNECT. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { connect, createServer } from "node:net";
import { type BackendFault, FAULT_FIELDS, meetFaults } from "../harness/backends/backend-faults.ts";
import { drip } from "../harness/backends/backends.ts";
import { makeCa } from "../harness/backends/certs.ts";
import { verdicts } from "../harness/backends/check-table.ts";
import { hostile, type Talk } from "../harness/backends/hostile.ts";
import { startNginx } from "../harness/backends/nginx.ts";
import { PROXY_USER, startTinyproxy } from "../harness/backends/tinyproxy.ts";
import { peerTest } from "../harness/base/peers.ts";
import { freePort } from "../harness/base/ports.ts";
import { httpCheck, type Target } from "../harness/client/checks.ts";

setDefaultTimeout(60_000);

const credentials = Buffer.from(`${PROXY_USER.name}:${PROXY_USER.password}`).toString("base64");

peerTest(
  "proxy: tinyproxy forwards requests and opens tunnels, and every step that fails is named",
  ["tinyproxy", "nginx", "openssl"],
  async () => {
    await using ca = await makeCa();
    const cert = ca.issue({ name: "localhost", sans: ["DNS:localhost"] });
    await using nginx = await startNginx({ tls: cert });
    const { httpPort, httpsPort = 0 } = nginx;
    await using proxy = await startTinyproxy(httpsPort);
    const closed = freePort();
    const at = (path: string, fields: object = {}, headers: object = {}) => {
      const own = { "Proxy-Authorization": `Basic ${credentials}`, ...headers };
      return (id: number) =>
        httpCheck(id, proxy, {
          timeout: "10s",
          proxy: true,
          path,
          headers: own,
          expected_codes: [200],
          ...fields,
        });
    };
    const through = `through proxy 127.0.0.1:${proxy.port}`;
    const plain = `http://localhost:${httpPort}`;
    const secure = `https://localhost:${httpsPort}`;
    const found = await verdicts(
      {
        plain: at(`${plain}/healthz`, { response: "ok" }),
        pathAtHost: at("/host", { host: `localhost:${httpPort}`, response: "localhost\n" }),
        tls: at(`${secure}/healthz`, { response: "ok" }),
        otherStatus: at(`${secure}/fail`),
        hostHeader: at(`${secure}/host`, { host: "a.test", server_name: "localhost", response: "a.test\n" }),
        otherName: at(`${secure}/healthz`, { server_name: "b.test" }),
        noCredentials: at(`${plain}/healthz`, {}, { "Proxy-Authorization": "Basic eDp5" }),
        noCredentialsTls: at(`${secure}/healthz`, {}, { "Proxy-Authorization": "Basic eDp5" }),
        forbiddenPort: at(`https://localhost:${closed}/`),
        proxyDown: (id) =>
          httpCheck(id, { hostname: "127.0.0.1", port: closed }, { proxy: true, path: `${plain}/` }),
      },
      { env: { SSL_CERT_FILE: ca.caFile } },
    );
    expect(found).toEqual({
      plain: `healthy L7OK HTTP GET ${plain}/healthz ${through}: status 200 OK, body as expected`,
      pathAtHost: `healthy L7OK HTTP GET ${plain}/host ${through}: status 200 OK, body as expected`,
      tls: `healthy L7OK HTTP GET ${secure}/healthz ${through}: status 200 OK, body as expected`,
      otherStatus: `unhealthy L7STS HTTP GET ${secure}/fail ${through}: status 503 Service Temporarily Unavailable, expected 200, body starts with "failing\\n"`,
      hostHeader: `healthy L7OK HTTP GET ${secure}/host ${through}: status 200 OK, body as expected`,
      otherName: expect.stringContaining(
        `unhealthy L6RSP TLS handshake with localhost:${httpsPort} (b.test) ${through}: `,
      ),
      noCredentials: expect.stringContaining(
        `unhealthy L7STS HTTP GET ${plain}/healthz ${through}: status 401 Unauthorized, expected 200`,
      ),
      noCredentialsTls: `unhealthy L7STS HTTP CONNECT localhost:${httpsPort} ${through}: status 401 Unauthorized, expected 2xx`,
      forbiddenPort: `unhealthy L7STS HTTP CONNECT localhost:${closed} ${through}: status 403 Access violation, expected 2xx`,
      proxyDown: `unhealthy L4CON TCP connect to proxy 127.0.0.1:${closed}: connection refused`,
    });
    // The credentials are for the proxy alone; a canary in the log of the backend would be one of them.
    expect(nginx.accessLog().filter((line) => line.includes(credentials))).toEqual([]);
  },
  60_000,
);

const OPEN = "HTTP/1.1 200 Connection established\r\n\r\n";
const CONNECT = "HTTP CONNECT www.example.test:443 through proxy @: ";
const TLS = "TLS handshake with www.example.test:443 through proxy @: ";

const check = (id: number, target: Target) =>
  httpCheck(id, target, {
    ...FAULT_FIELDS,
    proxy: true,
    path: "https://www.example.test/healthz",
    tls_verify: false,
  });

function asked(found: string | RegExp, behave: (talk: Talk, request: Buffer) => void): BackendFault {
  return { backend: () => hostile({ asked: behave }), check, found };
}

function says(text: string, found: string | RegExp, then: "end" | "reset" | "hang" = "hang"): BackendFault {
  return asked(found, (talk) => {
    talk.say(text);
    if (then === "end") talk.end();
    // Not at once: what was said is to be read first.
    if (then === "reset") talk.every(50, () => talk.reset());
  });
}

/** Failure that TLS reports for bytes that are not TLS. */
const NO_TLS =
  /^unhealthy L6RSP TLS handshake with www\.example\.test:443 through proxy @: wrong version number$/;

test("proxy: answers to CONNECT that are silent, refused, broken, endless, or followed by something else", async () => {
  await meetFaults({
    hangs: asked(`unhealthy L7TOUT ${CONNECT}no answer within 400ms`, () => {}),
    closes: asked(`unhealthy L7RSP ${CONNECT}closed by peer without an answer`, (talk) => talk.end()),
    resets: asked(`unhealthy L7RSP ${CONNECT}connection reset by peer`, (talk) => talk.reset()),
    closesInHead: says(
      "HTTP/1.1 200 OK\r\nVia",
      `unhealthy L7RSP ${CONNECT}closed by peer before the end of the headers`,
      "end",
    ),
    hangsInHead: says(
      "HTTP/1.1 200 OK\r\nVia",
      `unhealthy L7TOUT ${CONNECT}answer not complete (20 bytes of the headers) within 400ms`,
    ),
    drips: {
      backend: () => drip({ everyMs: 20, text: "HTTP/1.1 200 OK\r\nX: ".padEnd(1_000) }),
      check,
      found:
        /^unhealthy L7TOUT HTTP CONNECT \S+ through proxy @: answer not complete \(\d+ bytes of the headers\) within 400ms$/,
    },
    authentication: says(
      "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno",
      `unhealthy L7STS ${CONNECT}status 407 Proxy Authentication Required, expected 2xx`,
    ),
    badGateway: says(
      "HTTP/1.1 502 Bad Gateway\r\n\r\n",
      `unhealthy L7STS ${CONNECT}status 502 Bad Gateway, expected 2xx`,
      "end",
    ),
    redirect: says(
      "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n",
      `unhealthy L7STS ${CONNECT}status 302 Found, expected 2xx`,
    ),
    upgrade: says(
      "HTTP/1.1 101 Switching\r\n\r\n",
      `unhealthy L7STS ${CONNECT}status 101 Switching, expected 2xx`,
    ),
    anotherProtocol: says(
      "SSH-2.0-OpenSSH_9.2p1\r\n",
      `unhealthy L7RSP ${CONNECT}not a valid HTTP answer: invalid status line "SSH-2.0-OpenSSH_9.2p1"`,
    ),
    interimFlood: asked(`unhealthy L7RSP ${CONNECT}more than 16 interim answers (status 102)`, (talk) =>
      talk.flood("HTTP/1.1 102 Processing\r\n\r\n"),
    ),
    hugeHead: asked(`unhealthy L7RSP ${CONNECT}no end of headers within 1048576 bytes`, (talk) => {
      talk.say("HTTP/1.1 200 OK\r\n");
      talk.flood(`X: ${"y".repeat(60_000)}\r\n`, 4_000_000);
    }),
    opensAndCloses: says(OPEN, `unhealthy L6RSP ${TLS}closed by peer during the handshake`, "end"),
    opensAndResets: says(OPEN, `unhealthy L6RSP ${TLS}closed by peer during the handshake`, "reset"),
    // The answer is in the receive queue, and the reset behind it is that of the tunnel.
    opensAndResetsAtOnce: asked(`unhealthy L6RSP ${TLS}closed by peer during the handshake`, (talk) => {
      talk.say(OPEN);
      talk.reset();
    }),
    opensAndHangs: says(OPEN, `unhealthy L6TOUT ${TLS}not finished within 400ms`),
    // A 200 to CONNECT has no body: what follows is the tunnel's, in one piece with the head or later.
    body: says("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello world", NO_TLS),
    earlyBytes: says(`${OPEN}220 mail.example.test ESMTP\r\n`, NO_TLS),
    laterBytes: asked(NO_TLS, (talk) => {
      talk.say(OPEN);
      talk.every(50, () => talk.say("220 mail.example.test ESMTP\r\n"));
    }),
  });
});

test("proxy: a tunnel whose answer comes in any pieces, after interim answers or with headers, leads to the backend", async () => {
  await using ca = await makeCa();
  const cert = ca.issue({ name: "www.example.test", sans: ["DNS:www.example.test"] });
  await using backend = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: { cert: Bun.file(cert.certFile), key: Bun.file(cert.keyFile) },
    fetch: () => new Response("inside"),
  });
  const { port = 0 } = backend;
  /** Opens a tunnel to the backend, its answer cut into pieces. */
  const proxyWith = async (pieces: readonly string[]) => {
    const server = createServer((client) => {
      client.on("error", () => {});
      client.once("data", async () => {
        // TLS may begin before this proxy is ready for it.
        client.pause();
        for (const piece of pieces) {
          client.write(piece);
          await Bun.sleep(5);
        }
        const onward = connect(port, "127.0.0.1");
        onward.on("error", () => client.destroy());
        client.pipe(onward).pipe(client);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const own = typeof address === "object" && address !== null ? address.port : 0;
    return { hostname: "127.0.0.1", port: own, [Symbol.asyncDispose]: async () => void server.close() };
  };
  const answers = {
    whole: [OPEN],
    bytes: [...OPEN],
    interim: ["HTTP/1.1 100 Continue\r\n\r\n", OPEN],
    withLength: ["HTTP/1.0 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"],
    long: [`HTTP/1.1 200 OK\r\nX: ${"y".repeat(200_000)}\r\n\r\n`],
  };
  await using stack = new AsyncDisposableStack();
  const checks: Record<string, (id: number) => string> = {};
  for (const [name, pieces] of Object.entries(answers)) {
    const proxy = stack.use(await proxyWith(pieces));
    checks[name] = (id) =>
      httpCheck(id, proxy, {
        timeout: "10s",
        interval: "1s",
        proxy: true,
        path: "https://www.example.test/",
        response: "inside",
      });
  }
  const found = await verdicts(checks, { env: { SSL_CERT_FILE: ca.caFile } });
  for (const [name, verdict] of Object.entries(found))
    expect([name, verdict]).toEqual([
      name,
      expect.stringMatching(/^healthy L7OK .*: status 200 OK, body as expected$/),
    ]);
});
