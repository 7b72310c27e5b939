/**
 * Pictures of the status page for the documentation: the compiled server with sixty healthchecks of a made-up site, on loopback
 * addresses, a few of them failing for different reasons. Called by scripts/screenshots.
 */
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { decode, encode } from "dns-packet";
import {
  acceptAll,
  type Backend,
  closedPort,
  hang,
  httpServer,
} from "../../../tests/harness/backends/backends.ts";
import { freePort } from "../../../tests/harness/base/ports.ts";
import { until } from "../../../tests/harness/base/wait.ts";
import { dnsCheck, httpCheck, tcpCheck, times } from "../../../tests/harness/client/checks.ts";
import { connectClient } from "../../../tests/harness/client/client.ts";
import { startDaemon } from "../../../tests/harness/daemon/daemon.ts";
import { visit } from "../../../tests/harness/observers/browser.ts";

const IMAGES = join(import.meta.dir, "..", "..", "..", "docs", "images");
const FIRST_ID = 0xbeefn << 48n;
const FIELDS = { interval: "1s", timeout: "500ms", retries: 2, rise: 2 };
const MAX_BYTES = 200_000;
/** Long enough for a full history before and after backends fail. */
const WELL_MS = 14_000;
const FAILING_MS = 11_000;
const CALM_MS = 4_000;

const backends = new AsyncDisposableStack();
let nextId = FIRST_ID;
const id = () => nextId++;

const ANSWERS: Readonly<Record<number, string>> = {
  200: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n",
  503: "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
};

/** A web server that takes its time, as real ones do; in milliseconds. */
function web(hostname: string, port: number, usualMs: number, status: () => number = () => 200): Backend {
  const answer = (socket: { end(text: string): unknown }) => () => void socket.end(ANSWERS[status()] ?? "");
  const pause = () => usualMs * (0.7 + 0.4 * Math.random() + (Math.random() < 0.08 ? 1.5 : 0));
  return backends.use(
    httpServer((_, socket) => void setTimeout(answer(socket), pause()), { hostname, port }),
  );
}

function webCheck(backend: Backend, path: string): string {
  return httpCheck(id(), backend, { ...FIELDS, path, host: "shop.example.com", expected_codes: [200, 204] });
}

async function nameServer(hostname: string): Promise<string> {
  const socket = await Bun.udpSocket({
    hostname,
    port: freePort(hostname),
    socket: {
      data(own, bytes, port, address) {
        const { id: question = 0, questions = [] } = decode(bytes);
        const answers = [{ type: "A" as const, name: "shop.example.com", ttl: 60, data: "192.0.2.80" }];
        const reply = encode({ type: "response", id: question, questions, answers });
        setTimeout(() => own.send(reply, port, address), 1 + Math.random() * 3);
      },
    },
  });
  backends.defer(() => socket.close());
  const target = { ...FIELDS, ip: hostname, port: socket.port, expected_ips: ["192.0.2.80"] };
  return dnsCheck(id(), "shop.example.com", target);
}

/** Changes of the site after it has been healthy for a while. */
const faults = { deploying: false, flaky: false };
const doomed = {
  database: acceptAll({ hostname: "127.20.0.14", port: 5_432 }),
  web: web("127.10.1.19", 8_080, 9),
};
const hung = { hostname: "127.10.2.12", port: 8_443 };
const slow = web(hung.hostname, hung.port, 40);

const configs = [
  ...times(19, (n) => webCheck(web(`127.10.1.${20 + n}`, 8_080, 4 + (n % 7) * 3), "/healthz")),
  webCheck(doomed.web, "/healthz"),
  webCheck(
    web("127.10.1.40", 8_080, 12, () => (faults.deploying ? 503 : 200)),
    "/healthz",
  ),
  webCheck(
    web("127.10.1.41", 8_080, 11, () => (faults.deploying ? 503 : 200)),
    "/healthz",
  ),
  webCheck(slow, "/api/v2/orders/ready"),
  webCheck(
    web("127.10.2.13", 8_443, 55, () => (faults.flaky && Math.random() < 0.3 ? 503 : 200)),
    "/api/v2/orders/ready",
  ),
  ...times(8, (n) => webCheck(web(`127.10.2.${14 + n}`, 8_443, 35 + n * 4), "/api/v2/orders/ready")),
  tcpCheck(id(), doomed.database, FIELDS),
  ...times(9, (n) =>
    tcpCheck(id(), backends.use(acceptAll({ hostname: `127.20.0.${15 + n}`, port: 5_432 })), FIELDS),
  ),
  ...times(14, (n) =>
    tcpCheck(id(), backends.use(acceptAll({ hostname: `127.20.1.${11 + n}`, port: 6_379 })), FIELDS),
  ),
  ...(await Promise.all(times(3, (n) => nameServer(`127.53.0.${2 + n}`)))),
  tcpCheck(id(), backends.use(closedPort({ hostname: "127.20.2.5", port: 9_092 })), FIELDS),
];

mkdirSync(IMAGES, { recursive: true });
const port = freePort();
await using daemon = await startDaemon({
  config: `metrics: { enabled: true, listen_addr: "127.0.0.1:${port}" }\n`,
});
await using client = await connectClient(daemon.socketPath);
process.stdout.write(`==> ${configs.length} healthchecks\n`);
client.update(configs);
await Bun.sleep(WELL_MS);
faults.deploying = true;
faults.flaky = true;
doomed.database.down();
await Bun.sleep(FAILING_MS / 2);
doomed.web.down();
slow.down();
const silent = backends.use(hang(hung));
await until(() => silent.connections > 4, 30_000, "the hung backend to be found");

const url = `http://127.0.0.1:${port}/`;
const found = (await (await fetch(`${url}api/healthchecks?q=${hung.hostname}`)).json()) as {
  // The cast names what the API is known to send.
  readonly healthchecks: readonly { readonly id: string }[];
};
await picture("healthcheck-detail", `#/healthcheck/${found.healthchecks[0]?.id}`, "light", ".plot canvas");
await picture("status-page-light", "", "light", "tr.row-unhealthy");
await picture("status-page-dark", "", "dark", "tr.row-unhealthy");
await backends.disposeAsync();

async function picture(
  name: string,
  hash: string,
  colorScheme: "light" | "dark",
  sign: string,
): Promise<void> {
  await using visited = await visit(url + hash, { width: 1_280, height: 720, colorScheme });
  const { page, complaints } = visited;
  await page.locator(sign).first().waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  // The start of a browser slows everything down on a small machine; that is not what is to be shown.
  await page.waitForTimeout(CALM_MS);
  const path = join(IMAGES, `${name}.png`);
  await page.screenshot({ path });
  const { size } = statSync(path);
  process.stdout.write(`==> docs/images/${name}.png: ${Math.round(size / 1_000)} kB\n`);
  if (complaints.length > 0) throw new Error(complaints.join("\n"));
  if (size > MAX_BYTES) throw new Error(`${path} is larger than ${MAX_BYTES} bytes`);
}
