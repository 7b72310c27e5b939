/** State changes for a process and a webhook, well-behaved and hostile ones, with the executable. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { createHmac } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { acceptAll, type Backend } from "../harness/backends/backends.ts";
import { type Cert, makeCa } from "../harness/backends/certs.ts";
import { peerTest } from "../harness/base/peers.ts";
import { freePort } from "../harness/base/ports.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { type Client, connectClient } from "../harness/client/client.ts";
import { notifications } from "../harness/client/client-assertions.ts";
import type { Daemon } from "../harness/daemon/daemon.ts";
import { type Metered, startMetered } from "../harness/daemon/daemon-with-metrics.ts";
import { operate, startControlled } from "../harness/daemon/operator.ts";

setDefaultTimeout(60_000);

const BIG_ID = "13758215386640154624";
const SECRET = "s3cr3t-of-the-webhook";

/** A server with events, whose healthchecks change their state on demand. */
class Scene implements AsyncDisposable {
  readonly backend: Backend = acceptAll();
  #changes = 0;

  private constructor(
    readonly metered: Metered,
    readonly client: Client,
    readonly count: number,
  ) {}

  static async start(events: object, count = 1, env: Readonly<Record<string, string>> = {}): Promise<Scene> {
    const metered = await startMetered(`events: ${JSON.stringify(events)}`, env);
    const client = await connectClient(metered.daemon.socketPath);
    const scene = new Scene(metered, client, count);
    const labels = { rack: "r1" };
    const ids = times(count, (at) => (at === 0 ? BIG_ID : String(at)));
    client.update(ids.map((id) => tcpCheck(id, scene.backend, { interval: "50ms", name: "web", labels })));
    await scene.#changed();
    return scene;
  }

  get daemon(): Daemon {
    return this.metered.daemon;
  }

  /** Lets every healthcheck change its state, and waits until the client has all reports. */
  async flip(): Promise<void> {
    if (this.#changes % 2 === 1) this.backend.down();
    else this.backend.up();
    await this.#changed();
  }

  async #changed(): Promise<void> {
    const from = this.#changes * this.count;
    await until(() => notifications(this.client).length >= from + this.count, 20_000, "the reports");
    this.#changes++;
  }

  events(kind: "sent" | "dropped" | "failed", sink: "exec" | "webhook"): Promise<number> {
    return this.metered.now(`events_${kind}_total{sink="${sink}"}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
    await this.metered[Symbol.asyncDispose]();
    await this.backend[Symbol.asyncDispose]();
  }
}

interface Received {
  readonly seq: number;
  readonly id: string;
  readonly from: string;
  readonly to: string;
}

function linesOf(file: string): Received[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}

const shell = (script: string) => ["/bin/sh", "-c", script];

test("events: a process gets each state change as a line of JSON, with no descriptor of the server", async () => {
  await using dir = makeTempDir("events");
  const file = join(dir.path, "events");
  const fds = join(dir.path, "fds");
  const script = `ls /proc/$$/fd > ${fds}; env > ${join(dir.path, "env")}; exec cat >> ${file}`;
  await using scene = await Scene.start({ exec: shell(script) });
  await scene.flip();
  await until(() => linesOf(file).length === 2, 10_000, "two lines");
  const [first, second]: object[] = linesOf(file);
  expect(first).toMatchObject({ version: 1, event: "state_change", seq: 1, from: "unknown", to: "healthy" });
  expect(second).toEqual({
    version: 1,
    event: "state_change",
    seq: 2,
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    id: BIG_ID,
    name: "web",
    labels: { rack: "r1" },
    type: "tcp",
    target: `tcp://127.0.0.1:${scene.backend.port}`,
    from: "healthy",
    to: "unhealthy",
    code: "L4CON",
    message: `TCP connect to 127.0.0.1:${scene.backend.port}: connection refused`,
    duration_ms: expect.any(Number),
  });
  // The shell keeps its redirected output as 10.
  expect(
    readFileSync(fds, "utf8")
      .trim()
      .split("\n")
      .filter((fd) => !["0", "1", "2", "10"].includes(fd)),
  ).toEqual([]);
  expect(readFileSync(join(dir.path, "env"), "utf8")).not.toContain("NOTIFY_SOCKET");
  expect(await scene.events("sent", "exec")).toBe(2);
  expect(await scene.events("dropped", "exec")).toBe(0);
});

test("events: at a stop the process gets what waits and the end of its input, and one that ignores both is killed", async () => {
  await using dir = makeTempDir("events");
  const file = join(dir.path, "events");
  const ended = join(dir.path, "ended");
  const polite = await Scene.start({ exec: shell(`cat >> ${file}; echo over > ${ended}`) }, 200);
  await polite.flip();
  polite.daemon.signal("SIGTERM");
  expect(await polite.daemon.exited).toBe(0);
  expect([linesOf(file).length, existsSync(ended)]).toEqual([400, true]);
  await polite[Symbol.asyncDispose]();

  const pidFile = join(dir.path, "pid");
  const stubborn = await Scene.start({
    exec: shell(`trap '' TERM; echo $$ > ${pidFile}; while :; do sleep 1; done`),
  });
  await until(() => existsSync(pidFile), 10_000, "the process");
  stubborn.daemon.signal("SIGTERM");
  expect(await stubborn.daemon.exited).toBe(0);
  const pid = readFileSync(pidFile, "utf8").trim();
  await until(() => !readdirSync("/proc").includes(pid), 10_000, "the end of the process");
  await stubborn[Symbol.asyncDispose]();
});

test("events: a process that exits immediately, or cannot be started, is counted, logged once and started again", async () => {
  for (const exec of [["/bin/false"], ["/nonexistent/program"]]) {
    await using scene = await Scene.start({ exec });
    await scene.daemon.waitForLog(/Event process ended, starting it again program=/, 10_000);
    await until(async () => (await scene.events("failed", "exec")) >= 2, 20_000, "another start");
    await scene.flip();
    expect(scene.daemon.log.filter((line) => line.includes("Event process ended")).length).toBe(1);
  }
});

test("events: a process that closes its input while events come is started again, and gets them later", async () => {
  await using dir = makeTempDir("events");
  const file = join(dir.path, "events");
  const isClosed = join(dir.path, "closed");
  const script = `[ -e ${isClosed} ] && exec cat >> ${file}; exec <&-; touch ${isClosed}; sleep 1000`;
  await using scene = await Scene.start({ exec: shell(script) }, 0);
  await until(() => existsSync(isClosed), 10_000, "a process without input");
  // A few of these are more than the runtime keeps back, so that the write itself meets the closed pipe.
  const labels = Object.fromEntries(times(16, (at) => [`label${at}`, "x".repeat(128)]));
  const ids = times(500, String);
  scene.client.update(ids.map((id) => tcpCheck(id, scene.backend, { interval: "50ms", labels })));
  await until(() => linesOf(file).length >= ids.length, 20_000, "the events");
  expect(
    linesOf(file)
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(ids.toSorted());
  expect([await scene.events("sent", "exec"), await scene.events("failed", "exec")]).toEqual([500, 1]);
});

test("events: a process that hangs or reads slowly delays nothing; the oldest events are dropped and counted", async () => {
  for (const script of ["sleep 1000", "while :; do head -c 10; sleep 1; done"]) {
    await using scene = await Scene.start({ exec: shell(script), queue_size: 50 }, 500);
    for (let flips = 0; flips < 3; flips++) await scene.flip();
    const dropped = await scene.events("dropped", "exec");
    expect(dropped).toBeGreaterThan(500);
    const depth = await scene.metered.now('events_queue_depth{sink="exec"}');
    expect(depth).toBeLessThanOrEqual(50 + 100);
    expect(dropped + depth + (await scene.events("sent", "exec"))).toBe(2_000);
    // Once, not with each burst of state changes.
    expect(scene.daemon.log.filter((line) => line.includes("Event queue is full")).length).toBe(1);
  }
});

test("events: what a process writes is logged, and one that writes endlessly fills neither log nor memory", async () => {
  await using talker = await Scene.start({
    exec: shell("echo 'hello\u001b[31m'; echo oops >&2; cat > /dev/null"),
  });
  await talker.daemon.waitForLog(/Event process wrote stream=stdout text="?hello\\+u001b/, 10_000);
  await talker.daemon.waitForLog(/Event process wrote stream=stderr text=oops/, 10_000);

  await using scene = await Scene.start({ exec: ["/usr/bin/yes", "x".repeat(3_000)] });
  await scene.daemon.waitForLog(/Event process wrote/, 10_000);
  const rss = scene.daemon.rssBytes();
  const cpuMs = scene.daemon.cpuMs();
  await Bun.sleep(2_000);
  expect(scene.daemon.rssBytes() - rss).toBeLessThan(64 << 20);
  // Read at full speed, it would take a whole core.
  expect(scene.daemon.cpuMs() - cpuMs).toBeLessThan(1_000);
  expect(scene.daemon.log.filter((line) => line.includes("Event process wrote")).length).toBeLessThan(40);
  await scene.flip();
});

/** A receiver that answers as the test says. */
function receiver(
  answer: (request: Request, attempt: number) => Response | Promise<Response>,
  port = 0,
  cert?: Cert,
) {
  const requests: { readonly body: string; readonly headers: Headers }[] = [];
  const server = Bun.serve({
    port,
    hostname: "127.0.0.1",
    idleTimeout: 60,
    ...(cert === undefined ? {} : { tls: { cert: Bun.file(cert.certFile), key: Bun.file(cert.keyFile) } }),
    fetch: async (request) => {
      requests.push({ body: await request.text(), headers: request.headers });
      return await answer(request, requests.length);
    },
  });
  return {
    requests,
    url: `${cert === undefined ? "http" : "https"}://127.0.0.1:${server.port}/hook`,
    [Symbol.dispose]: () => void server.stop(true),
  };
}

test("events: a webhook gets signed batches, in order, and each event once", async () => {
  using hook = receiver(() => new Response("ok"));
  await using scene = await Scene.start({ webhook: { url: hook.url, secret: SECRET } }, 300);
  await scene.flip();
  const events = () =>
    hook.requests.flatMap(({ body }) => (JSON.parse(body) as { events: Received[] }).events);
  await until(() => events().length >= 600, 20_000, "all events");
  expect(events().map(({ seq }) => seq)).toEqual(times(600, (at) => at + 1));
  expect(hook.requests.length).toBeLessThan(60);
  for (const { body, headers } of hook.requests) {
    const [, seconds, digest] =
      /^t=(\d+),v1=([0-9a-f]{64})$/.exec(headers.get("x-healthcheck-signature") ?? "") ?? [];
    expect(digest).toBe(createHmac("sha256", SECRET).update(`${seconds}.${body}`).digest("hex"));
    expect(headers.get("content-type")).toBe("application/json");
  }
  await until(async () => (await scene.events("sent", "webhook")) === 600, 10_000, "the count");
});

test("events: a webhook that answers 500, or is not there, gets the events later; one that redirects or rejects does not", async () => {
  using hook = receiver((_, attempt) => new Response("no", { status: attempt === 1 ? 500 : 204 }));
  await using scene = await Scene.start({ webhook: { url: hook.url } });
  await scene.daemon.waitForLog(/Cannot deliver events, retrying url=.* reason="?HTTP status 500/, 10_000);
  await until(() => hook.requests.length === 2, 20_000, "the repetition");
  expect(hook.requests[1]?.body).toBe(hook.requests[0]?.body ?? "");
  expect(hook.requests[0]?.headers.has("x-healthcheck-signature")).toBe(false);
  await scene.daemon.waitForLog(/Webhook accepts events again/, 10_000);

  const port = freePort();
  await using absent = await Scene.start({ webhook: { url: `http://127.0.0.1:${port}/hook` } });
  await absent.daemon.waitForLog(
    /Cannot deliver events, retrying url=.* reason="connection refused"$/,
    10_000,
  );
  using late = receiver(() => new Response("ok"), port);
  await until(() => late.requests.length === 1, 20_000, "the delivery");

  using other = receiver(() => new Response("stolen"));
  using redirecting = receiver(() => Response.redirect(other.url, 307));
  await using redirected = await Scene.start({ webhook: { url: redirecting.url, secret: SECRET } });
  await redirected.daemon.waitForLog(/Webhook rejected events, they are dropped .*HTTP status 307/, 10_000);
  expect(await redirected.events("dropped", "webhook")).toBe(1);
  expect(other.requests).toEqual([]);
});

/** A receiver below HTTP. @param onRequest - has a request, or the beginning of one */
function rawReceiver(onRequest: (socket: Bun.Socket) => void) {
  let requests = 0;
  const server = Bun.listen({
    port: 0,
    hostname: "127.0.0.1",
    socket: {
      data: (socket, data) => {
        if (!data.toString("latin1").startsWith("POST ")) return;
        requests++;
        onRequest(socket);
      },
    },
  });
  return {
    get requests() {
      return requests;
    },
    url: `http://127.0.0.1:${server.port}/hook`,
    [Symbol.dispose]: () => void server.stop(true),
  };
}

const DRIP_MS = 20;

/** Sends a text byte by byte, the last byte again and again. */
function drip(socket: Bun.Socket, text: string): void {
  let at = 0;
  const timer = setInterval(() => {
    const byte = text.charAt(Math.min(at++, text.length - 1));
    if (socket.readyState !== 1 || socket.write(byte) < 0) clearInterval(timer);
  }, DRIP_MS);
}

test("events: a webhook that closes without an answer is counted and logged once; its queue stays bounded", async () => {
  using closing = rawReceiver((socket) => void socket.end());
  await using scene = await Scene.start({ webhook: { url: closing.url }, queue_size: 50 }, 500);
  for (let flips = 0; flips < 3; flips++) await scene.flip();
  await until(async () => (await scene.events("failed", "webhook")) >= 2, 20_000, "another attempt");
  expect(closing.requests).toBeGreaterThanOrEqual(2);
  const dropped = await scene.events("dropped", "webhook");
  const depth = await scene.metered.now('events_queue_depth{sink="webhook"}');
  expect(depth).toBeLessThanOrEqual(50 + 100);
  expect(dropped + depth).toBe(2_000);
  expect(await scene.events("sent", "webhook")).toBe(0);
  expect(scene.daemon.log.filter((line) => line.includes("Cannot deliver events")).length).toBe(1);
  expect(scene.daemon.rssBytes()).toBeLessThan(512 << 20);
});

test("events: a webhook that drips its header delays nothing; one that drips its body has accepted the events", async () => {
  using slow = rawReceiver((socket) => drip(socket, "HTTP/1.1 200 OK\r\nX-Endless: x"));
  using body = rawReceiver((socket) => drip(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nx"));
  for (const [hook, isAccepted] of [
    [slow, false],
    [body, true],
  ] as const) {
    await using scene = await Scene.start({ webhook: { url: hook.url }, queue_size: 50 }, 500);
    for (let flips = 0; flips < 3; flips++) await scene.flip();
    await until(() => hook.requests > 0, 10_000, "a delivery");
    if (isAccepted) await until(async () => (await scene.events("sent", "webhook")) > 0, 20_000, "the count");
    else expect(await scene.events("dropped", "webhook")).toBeGreaterThan(1_000);
    expect(scene.daemon.rssBytes()).toBeLessThan(512 << 20);
    scene.daemon.signal("SIGTERM");
    expect(await scene.daemon.exited).toBe(0);
  }
});

peerTest(
  "events: an https webhook is verified by the CA of SSL_CERT_FILE; one of another CA gets nothing",
  ["openssl"],
  async () => {
    await using ca = await makeCa();
    await using stranger = await makeCa();
    const request = { name: "hook", sans: ["IP:127.0.0.1"] };
    using hook = receiver(() => new Response("ok"), 0, ca.issue(request));
    using foreign = receiver(() => new Response("ok"), 0, stranger.issue(request));
    const env = { SSL_CERT_FILE: ca.caFile };
    await using trusted = await Scene.start({ webhook: { url: hook.url, secret: SECRET } }, 50, env);
    await trusted.flip();
    await until(async () => (await trusted.events("sent", "webhook")) === 100, 20_000, "all events");
    expect(await trusted.events("failed", "webhook")).toBe(0);

    await using refused = await Scene.start({ webhook: { url: foreign.url, secret: SECRET } }, 1, env);
    await refused.daemon.waitForLog(
      /Cannot deliver events, retrying url=https:.* reason=.*certificate/i,
      20_000,
    );
    expect(await refused.events("failed", "webhook")).toBeGreaterThan(0);
    expect([foreign.requests, await refused.events("sent", "webhook")]).toEqual([[], 0]);
  },
);

test("events: a webhook that hangs or answers endlessly delays nothing, and does not prolong the stop", async () => {
  const forever = () =>
    new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) }));
  using hanging = receiver(() => new Promise<Response>(() => {}));
  using endless = receiver(forever);
  for (const [hook, isAccepted] of [
    [hanging, false],
    [endless, true],
  ] as const) {
    await using scene = await Scene.start({ webhook: { url: hook.url }, queue_size: 50 }, 500);
    for (let flips = 0; flips < 3; flips++) await scene.flip();
    await until(() => hook.requests.length > 0, 10_000, "a delivery");
    if (isAccepted) await until(async () => (await scene.events("sent", "webhook")) > 0, 10_000, "the count");
    else expect(await scene.events("dropped", "webhook")).toBeGreaterThan(1_000);
    expect(scene.daemon.rssBytes()).toBeLessThan(512 << 20);
    scene.daemon.signal("SIGTERM");
    expect(await scene.daemon.exited).toBe(0);
  }
});

test("events: SIGHUP starts, changes and ends the sinks; no secret is shown anywhere", async () => {
  await using dir = makeTempDir("events");
  const file = join(dir.path, "events");
  const secretFile = join(dir.path, "secret");
  writeFileSync(secretFile, `${SECRET}\n`, { mode: 0o600 });
  await using scene = await Scene.start({});
  const { daemon, metered } = scene;
  const reload = async (events: object) => {
    const before = daemon.log.length;
    const socket = `server: { proxy_socket: ${daemon.socketPath} }`;
    writeFileSync(
      join(daemon.dir, "config.yaml"),
      `${socket}\n${metered.config(`events: ${JSON.stringify(events)}`)}`,
    );
    daemon.signal("SIGHUP");
    const isRead = (line: string) => /Configuration (loaded successfully|error)/.test(line);
    await until(() => daemon.log.slice(before).some(isRead), 10_000, "the reload");
  };
  using hook = receiver(() => new Response("ok"));
  await reload({
    exec: shell(`cat >> ${file}`),
    webhook: { url: `${hook.url}?token=${SECRET}`, secret_file: secretFile },
  });
  await scene.flip();
  await until(() => linesOf(file).length === 1 && hook.requests.length === 1, 20_000, "both");
  expect(hook.requests[0]?.headers.get("x-healthcheck-signature")).toMatch(/^t=\d+,v1=/);
  await reload({ exec: shell(`cat >> ${file}`) });
  await scene.flip();
  await until(() => linesOf(file).length === 2, 20_000, "the process, which continues");
  await reload({ webhook: { url: "ftp://x", secret: SECRET } });
  await daemon.waitForLog(
    /events.webhook: url "ftp:\/\/x" is not valid; must be an http or https URL/,
    10_000,
  );
  expect(hook.requests.length).toBe(1);
  expect(daemon.log.join("\n")).not.toContain(SECRET);
});

test("events: a change that a forced state hides has the forced state", async () => {
  await using dir = makeTempDir("forced");
  const { path } = dir;
  const out = join(path, "events");
  await using backend = acceptAll();
  const config = `events: { exec: [/bin/sh, -c, "exec cat > ${out}"] }\n`;
  await using daemon = await startControlled(path, {}, config);
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend, { interval: "50ms" })]);
  await until(() => client.latest.size === 1, 20_000, "the state");
  await operate(path, "force", "1", "healthy", "--for", "1h", "--reason", "x");
  backend.down();
  const events = () => (existsSync(out) ? readFileSync(out, "utf8").trim().split("\n") : []);
  await until(() => events().length >= 2, 20_000, "both events");
  const [before, hidden] = events().map((line): unknown => JSON.parse(line));
  expect(before).toMatchObject({ from: "unknown", to: "healthy" });
  expect(before).not.toHaveProperty("forced");
  expect(hidden).toMatchObject({ from: "healthy", to: "unhealthy", forced: "healthy" });
  expect(client.latest.get("1")?.state).toBe("healthy");
});
