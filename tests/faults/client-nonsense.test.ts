/** Messages that are JSON and still nonsense: keys twice, keys of every object, numbers without end, ways to write a key. Run by `bun test`. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { acceptAll } from "../harness/backends/backends.ts";
import { tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { handled, requestStatus, stateOf } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

/** Messages, what the only error says, and which ids run afterwards; 1 and 2 stand for whole CONFIGs with these ids. */
const MESSAGES: Readonly<Record<string, { text: string; error?: RegExp; runs: string[] }>> = {
  "type twice, the last one unknown": {
    text: '{"type":"update_configs","configs":[2],"type":"reboot"}',
    error: /"reboot" is not valid/,
    runs: ["1"],
  },
  "type twice, the last one good": {
    text: '{"type":"reboot","type":"update_configs","configs":[2]}',
    runs: ["2"],
  },
  "an id twice in a config": { text: '{"type":"update_configs","configs":[{"id":7,2}]}', runs: ["2"] },
  "two lists": {
    text: '{"type":"update_configs","configs":[2],"configs":[]}',
    error: /^configs: given more than once, so no list is applied; must be given once/,
    runs: ["1"],
  },
  "configs only in __proto__": { text: '{"type":"update_configs","__proto__":{"configs":[2]}}', runs: [] },
  "type only in __proto__": { text: '{"__proto__":{"type":"shutdown"}}', error: /^type: /, runs: ["1"] },
  "a type that every object has": {
    text: '{"type":"constructor"}',
    error: /"constructor" is not/,
    runs: ["1"],
  },
  "configs with an escape": {
    text: '{"type":"update_configs","c\\u006fnfigs":[2]}',
    error: /configs: the key is not valid; must be written "configs"/,
    runs: ["1"],
  },
  "configs inside of something else": { text: '{"type":"update_configs","x":{"configs":[2]}}', runs: [] },
  "a number beyond all numbers": {
    text: '{"type":"update_configs","configs":[1,{"id":8,"retries":1e999}]}',
    error: /^healthcheck 8 rejected: .*retries/,
    runs: ["1"],
  },
  "a thousand unknown keys": {
    text: `{"type":"update_configs","configs":[2],${Array.from({ length: 1_000 }, (_, n) => `"k${n}":null`).join()}}`,
    runs: ["2"],
  },
  "a mark of the byte order": { text: '\ufeff{"type":"update_configs","configs":[2]}', runs: ["2"] },
  "half a pair of surrogates": {
    text: '{"type":"\\ud800"}',
    error: /is not valid; must be one of/,
    runs: ["1"],
  },
  "an end of line of another system": { text: '{"type":"update_configs","configs":[2]}\r', runs: ["2"] },
};

test("client: nonsense that is JSON has one clear answer each, and harms nothing", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon();
  await using client = await connectClient(daemon.socketPath);
  const check = (id: number) => tcpCheck(id, backend, { interval: "50ms" });
  for (const [what, { text, error, runs }] of Object.entries(MESSAGES)) {
    client.update([check(1)]);
    await stateOf(client, 1, "healthy");
    const before = client.lines.length;
    // In place of `{"id":7,2}` comes the inside of the CONFIG: its id is the second one.
    const inside = check(2).slice(1, -1);
    client.send(
      text
        .replace("7,2}", `7,${inside}}`)
        .replace("[2]", `[${check(2)}]`)
        .replace("[1,", `[${check(1)},`),
    );
    await handled(client);
    const errors = client.lines.slice(before).filter(({ type }) => type === "error");
    // The last one is the barrier's.
    expect([what, errors.length]).toEqual([what, error === undefined ? 1 : 2]);
    if (error !== undefined) expect(errors[0]?.message).toMatch(error);
    expect([what, [...(await requestStatus(client)).keys()]]).toEqual([what, runs]);
  }
  expect(daemon.log.filter((line) => / ERROR /.test(line))).toEqual([]);
});
