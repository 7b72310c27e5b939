/** A client that sends anything but what it should: each line is answered, and nothing else suffers. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { acceptAll } from "../harness/backends/backends.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { handled, requestStatus, stateOf } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

const DEEP = 200_000;

/** Lines that are not a message. */
const NONSENSE: Readonly<Record<string, string | Uint8Array>> = {
  garbage: Uint8Array.from({ length: 4_000 }, (_, index) => (index * 73 + 129) % 256 || 1).map((byte) =>
    byte === 10 ? 11 : byte,
  ),
  NULs: new Uint8Array(1_000),
  "not JSON": "update_configs",
  "half an object": '{"type":"update_configs","configs":[{"id":1,',
  "an empty line": "",
  "a list": "[]",
  "a number": "1",
  "no type": "{}",
  "an unknown type": '{"type":"reboot"}',
  "a type that is no text": '{"type":["shutdown"]}',
  "configs that are no list": '{"type":"update_configs","configs":{"id":1}}',
  "deep nesting": `{"type":"update_configs","x":${"[".repeat(DEEP)}${"]".repeat(DEEP)}}`,
  "deep nesting cut off": "[".repeat(DEEP),
  "two messages in a line": '{"type":"shutdown"}{"type":"shutdown"}',
};

test("daemon: an invalid line is answered with an error, and the connection and the checks continue", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon();
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend, { interval: "50ms", handshake: "full" })]);
  await stateOf(client, 1, "healthy");
  for (const [what, line] of Object.entries(NONSENSE)) {
    const before = client.lines.length;
    client.sendBytes(typeof line === "string" ? Buffer.from(line) : line);
    client.send("");
    await handled(client);
    const errors = client.lines.slice(before).filter(({ type }) => type === "error");
    // One for the line, one for the barrier behind it.
    expect([what, errors.length]).toEqual([what, 2]);
    expect(errors[0]?.byteLength).toBeLessThan(1_000);
  }
  const { connections } = backend;
  await until(() => backend.connections >= connections + 3, 5_000, "three more checks");
  expect((await requestStatus(client)).get("1")).toMatchObject({ state: "healthy", failures: 0 });
});

const REFUSED: Readonly<Record<string, string>> = {
  "an id in quotes": '"id":"2"',
  "an id with a fraction": '"id":2.5',
  "an id with an exponent": '"id":2e3',
  "a negative id": '"id":-2',
  "an id of 2^64": '"id":18446744073709551616',
  "an id of 100 digits": `"id":${"9".repeat(100)}`,
  "no id": '"idd":2',
  "null as id": '"id":null',
  "deep nesting": `"id":2,"ip":${"[".repeat(DEEP)}${"]".repeat(DEEP)}`,
};

test("daemon: invalid ids are rejected alone, also among __proto__ and deep nesting", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon();
  await using client = await connectClient(daemon.socketPath);
  const rest = `"checker_type":"tcp","ip":"127.0.0.1","port":${backend.port},"interval":"1s","timeout":"1s"`;
  for (const [what, fields] of Object.entries(REFUSED)) {
    const before = client.lines.length;
    // An empty list in between: what was refused in the list before is not said again.
    client.update([]);
    const bad = fields.includes('"ip"') ? `{${fields}}` : `{${fields},${rest}}`;
    client.update([bad, "7", "null", `{"id":1,${rest}}`]);
    await handled(client);
    const errors = client.lines.slice(before).filter(({ type }) => type === "error");
    expect([what, errors.length]).toEqual([what, 4]);
    expect([what, [...(await requestStatus(client)).keys()]]).toEqual([what, ["1"]]);
  }
  // What a prototype would lend does not count: an unknown field and nothing more.
  const before = client.lines.length;
  client.update([
    `{"id":3,"__proto__":{"port":1},"constructor":{"prototype":1},${rest}}`,
    `{"__proto__":{"id":4,${rest}}}`,
  ]);
  await handled(client);
  expect(client.lines.slice(before).filter(({ type }) => type === "error").length).toBe(2);
  // The second config has no id, so the healthcheck of the earlier lists continues.
  expect([...(await requestStatus(client)).keys()].sort()).toEqual(["1", "3"]);
  expect((await stateOf(client, 3, "healthy")).message).toContain(`:${backend.port}`);
});

test("daemon: of two configs with the same id the last counts, with a warning", async () => {
  await using first = acceptAll();
  await using last = acceptAll();
  await using daemon = await startDaemon();
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(5, first), tcpCheck(6, first), tcpCheck(5, last)]);
  const status = await stateOf(client, 5, "healthy");
  expect(status.message).toContain(`:${last.port}`);
  expect((await requestStatus(client)).size).toBe(2);
  await daemon.waitForLog(/WARN .*Duplicate.*id=5/, 2_000);
});

test("daemon: a thousand consecutive invalid lines close the connection; a message between them does not count", async () => {
  await using daemon = await startDaemon();
  await using patient = await connectClient(daemon.socketPath);
  for (let round = 0; round < 3; round++) {
    patient.send("\n".repeat(900));
    await requestStatus(patient);
  }
  await using client = await connectClient(daemon.socketPath);
  client.send("\n".repeat(2_000));
  await client.closed;
  // The newer client has taken the patient one's place, and nothing but its own lines has closed it.
  await daemon.waitForLog(/WARN .*invalid lines/, 5_000);
});
