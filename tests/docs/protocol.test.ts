/** docs/protocol.md and the compiled executable: every example is understood, is sent like that, or is rejected with that message. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkTypes } from "../../src/checks/registry.ts";
import { commonFields } from "../../src/protocol/healthcheck-schema.ts";
import { acceptAll, closedPort, hang } from "../harness/backends/backends.ts";
import { blockLines, blocks, readText, tableRows } from "../harness/base/markdown.ts";
import { readLines, stopProcess } from "../harness/base/process.ts";
import { until } from "../harness/base/wait.ts";
import { httpCheck, tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { handled, requestStatus, stateOf } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

const TEXT = readText("docs/protocol.md");
const CLIENT_TYPES = ["update_configs", "request_status", "shutdown"];
const SERVER_TYPES = ["ready", "notification_batch", "status_response", "error"];

/** The type of a line; every example is a JSON object. */
function typeOf(line: string): string {
  return (JSON.parse(line) as { type: string }).type;
}

test("docs: every example of a client's line is understood", async () => {
  const examples = blockLines(TEXT, "jsonl client");
  expect([...new Set(examples.map(typeOf))].sort()).toEqual(CLIENT_TYPES.toSorted());
  await using daemon = await startDaemon();
  await using client = await connectClient(daemon.socketPath);
  const last = examples.filter((line) => typeOf(line) === "shutdown");
  for (const line of examples.filter((line) => typeOf(line) !== "shutdown")) {
    client.send(line);
    // The barrier's own error is the only one.
    await handled(client);
    const wanted = [...line.matchAll(/"id":(\d+)/g)].map(([, id = ""]) => id);
    if (typeOf(line) === "update_configs")
      expect([...(await requestStatus(client)).keys()].sort()).toEqual(wanted.sort());
  }
  const errors = client.lines.filter(
    ({ type, message }) => type === "error" && !/barrier-/.test(message ?? ""),
  );
  expect(errors.map(({ message }) => message)).toEqual([]);
  expect(last.length).toBe(1);
  for (const line of last) client.send(line);
  expect(await daemon.exited).toBe(0);
});

test("docs: every example of a server's line has the shape of one that comes", async () => {
  const examples = blockLines(TEXT, "jsonl server");
  expect([...new Set(examples.map(typeOf))].sort()).toEqual(SERVER_TYPES.toSorted());
  await using up = acceptAll();
  await using silent = hang();
  await using daemon = await startDaemon({ config: "batching: { delay: 10ms }" });
  await using client = await connectClient(daemon.socketPath);
  client.send({ type: "request_status" });
  // One that has no result while the test lasts, then one that has.
  client.update([httpCheck(1, silent, { interval: "60s", timeout: "60s" })]);
  client.send({ type: "request_status" });
  await handled(client);
  client.update([tcpCheck(2, up)]);
  await stateOf(client, 2, "healthy");
  const shapes = new Set(client.lines.map(({ raw }) => shapeOf(raw)));
  for (const example of examples) expect([example, shapes.has(shapeOf(example))]).toEqual([example, true]);
});

/** Keys in their order, with the types of their values; what is a number must be a whole one. */
function shapeOf(line: string): string {
  const shape = (value: unknown): string => {
    if (Array.isArray(value)) return `[${[...new Set(value.map(shape))].join()}]`;
    if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
    if (typeof value !== "object" || value === null) return typeof value;
    const entries = Object.entries(value).map(([key, item]) => `${key}:${shape(item)}`);
    return `{${entries.join()}}`;
  };
  return `${typeOf(line)} ${shape(JSON.parse(line))}`;
}

test("docs: rejections have the messages of the page", async () => {
  const lines = blockLines(TEXT, "jsonl rejected");
  expect(lines.length).toBeGreaterThan(20);
  await using daemon = await startDaemon();
  await using client = await connectClient(daemon.socketPath);
  await client.waitFor(({ type }) => type === "ready", 5_000);
  for (let at = 0; at < lines.length; at += 2) {
    const before = client.lines.length;
    client.send(lines[at] ?? "");
    await handled(client);
    const [answer, barrier] = client.lines.slice(before).map(({ raw }) => raw);
    expect([lines[at], answer]).toEqual([lines[at], lines[at + 1]]);
    expect(barrier).toContain("barrier-");
  }
});

test("docs: the table of CONFIG has exactly the fields of the schema", () => {
  const rows = tableRows(TEXT, ["field", "of", "JSON"]).map(([field = "", of = ""]) => ({
    field: field.replaceAll("`", ""),
    of: of.split(", "),
  }));
  const named = (type: string) => rows.filter(({ of }) => of.includes(type)).map(({ field }) => field);
  const common = commonFields().map(({ name }) => name);
  expect(named("all").sort()).toEqual(common.sort());
  for (const { name, fields } of checkTypes())
    expect([name, named(name).sort()]).toEqual([name, Object.keys(fields).sort()]);
});

test("docs: STATUS has exactly the fields of the table", async () => {
  await using closed = closedPort();
  await using daemon = await startDaemon();
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, closed)]);
  const status = await stateOf(client, 1, "unhealthy");
  const rows = tableRows(TEXT, ["field", "JSON", "meaning"]);
  const types = Object.entries(status).map(([field, value]) => [`\`${field}\``, typeof value]);
  expect(rows.map(([field, json]) => [field, json])).toEqual(types as [string, string][]);
});

test("docs: the small client receives notifications, and reconnects to a restarted server", async () => {
  const [code = ""] = blocks(TEXT, "js");
  await using up = acceptAll();
  expect(code).toContain('"port":22');
  let daemon = await startDaemon();
  const { dir, socketPath } = daemon;
  const script = join(dir, "client.mjs");
  writeFileSync(script, code.replace('"port":22', `"port":${up.port}`));
  const child = Bun.spawn([process.execPath, script, socketPath], { stdout: "pipe", stderr: "ignore" });
  const lines: string[] = [];
  const reading = readLines(child.stdout, (line) => lines.push(line));
  try {
    await until(() => lines.length > 0, 10_000, "the first notification");
    await daemon[Symbol.asyncDispose]();
    const before = lines.length;
    daemon = await startDaemon({ socketPath });
    await until(() => lines.length > before, 10_000, "a notification of the next server");
  } finally {
    await stopProcess(child);
    await reading;
    await daemon[Symbol.asyncDispose]();
  }
  const wanted = `13758215386640154624 healthy L4OK TCP connect to 127.0.0.1:${up.port}: connected`;
  expect([...new Set(lines)]).toEqual([wanted]);
});
