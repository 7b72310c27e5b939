/** The client's messages, and its lists of configs. */

import { expect, test } from "bun:test";
import type { TcpSpec } from "../../src/checks/tcp/spec.ts";
import { MessageError } from "../../src/protocol/message-error.ts";
import { ConfigReader as Reader, readMessage } from "../../src/protocol/messages.ts";
import { times } from "../harness/client/checks.ts";
import { elementsOf, lineOf, textsOf } from "../harness/client/client-lines.ts";

/** Reads lists of texts. */
class ConfigReader {
  readonly #reader = new Reader();

  read(texts: readonly string[]) {
    return this.#reader.read(elementsOf(texts));
  }
}

/** The configs of a message with this list, read. */
async function readList(list: string | Uint8Array) {
  const message = await readMessage(
    lineOf(
      Buffer.concat([
        Buffer.from('{"type":"update_configs","configs":'),
        Buffer.from(list),
        Buffer.from("}"),
      ]),
    ),
  );
  if (message.type !== "update_configs") throw new Error(message.type);
  return await new Reader().read(message.configs);
}

/** The message that a line is, its configs as text. */
async function read(text: string | Uint8Array) {
  const message = await readMessage(lineOf(text));
  return message.type === "update_configs" ? { ...message, configs: textsOf(message.configs) } : message;
}

function config(id: string, changes: object = {}): string {
  const fields = {
    interval: "5s",
    timeout: "1s",
    retries: 1,
    checker_type: "tcp",
    ip: "10.0.0.1",
    port: 80,
    ...changes,
  };
  return JSON.stringify({ id: 0, ...fields }).replace('"id":0', `"id":${id}`);
}

test("messages: the three types are understood", async () => {
  expect(await read('{"type":"request_status"}')).toEqual({ type: "request_status" });
  expect(await read('{"type":"shutdown"}')).toEqual({ type: "shutdown" });
  const [one, two] = [config("1"), config("2")];
  expect(await read(`{"type":"update_configs","configs":[${one},${two}]}`)).toEqual({
    type: "update_configs",
    configs: [one, two],
  });
});

test.each([
  '{"type":"update_configs"}',
  '{"type":"update_configs","configs":null}',
  '{"configs":[],"type":"update_configs"}',
])("messages: no configs means that nothing is to be checked: %s", async (text) => {
  expect(await read(text)).toEqual({ type: "update_configs", configs: [] });
});

test("messages: a carriage return, a byte order mark and unknown keys do no harm", async () => {
  expect(await read('\ufeff{"type":"shutdown","force":true}\r')).toEqual({ type: "shutdown" });
});

const TYPES = "update_configs, request_status, shutdown";
test.each([
  ['{"type":"reboot"}', `type: "reboot" is not valid; must be one of ${TYPES}`],
  ['{"type":7}', `type: 7 is not valid; must be one of ${TYPES}`],
  ["{}", `type: missing; must be one of ${TYPES}`],
  ['{"type":"update_configs","configs":{}}', "configs: an object (not shown) is not valid; must be a list"],
  ['{"type":"update_configs","configs":"all"}', "configs: a string (not shown) is not valid; must be a list"],
  ["hello", "the line is not a JSON object (5 bytes, not shown)"],
  ["", "the line is not a JSON object (0 bytes, not shown)"],
  ["[1]", "the line is not a JSON object (3 bytes, not shown)"],
  ["null", "the line is not a JSON object (4 bytes, not shown)"],
  ['{"type":"shutdown"', "the line is not a JSON object (18 bytes, not shown)"],
])("messages: refuses %s", async (text, words) => {
  await expect(read(text)).rejects.toThrow(new MessageError(words));
});

test.each([
  '{"type":"update_configs","configs":[1],"configs":[2]}',
  '{"type":"update_configs","configs":[1],"configs":[]}',
  '{"configs":[],"type":"update_configs","configs":[]}',
  '{"type":"update_configs","configs":null,"configs":[1]}',
  '{"type":"update_configs","configs":[1],"configs":null}',
  '{"type":"update_configs","configs":{},"configs":[1]}',
  '{"type":"update_configs","configs":[1],"c\\u006fnfigs":[]}',
  '{"type":"update_configs","c\\u006fnfigs":[2],"configs":[1]}',
  '{"type":"request_status","configs":[],"configs":[]}',
])("messages: of two lists none is taken: %s", async (text) => {
  await expect(read(text)).rejects.toThrow(
    new MessageError("configs: given more than once, so no list is applied; must be given once"),
  );
});

test("messages: refuses what is not UTF-8", async () => {
  const line = Buffer.concat([Buffer.from('{"type":"'), Buffer.from([0xff]), Buffer.from('"}')]);
  await expect(read(line)).rejects.toThrow(new MessageError("the line is not UTF-8"));
});

test("messages: a line nested without end is refused, not fatal", async () => {
  await expect(read("[".repeat(200_000))).rejects.toThrow(MessageError);
});

test("messages: a list whose key is written with escapes is not taken for no list", async () => {
  const text = `{"type":"update_configs","\\u0063onfigs":[${config("1")}]}`;
  let configs: readonly string[] | undefined;
  try {
    const message = await read(text);
    configs = message.type === "update_configs" ? message.configs : undefined;
  } catch (error) {
    // To refuse it is as good; to stop every healthcheck is not.
    expect(error).toBeInstanceOf(MessageError);
  }
  expect(configs).not.toEqual([]);
});

test("configs: ids keep their digits", async () => {
  const { specs } = await new ConfigReader().read([
    config("13758215386640154624"),
    config("13758215386640154625"),
  ]);
  expect(specs.map(({ id }) => String(id))).toEqual(["13758215386640154624", "13758215386640154625"]);
});

test("configs: one that cannot be understood is refused alone, with its id and its fields", async () => {
  const { specs, rejections } = await new ConfigReader().read([
    config("1"),
    config("2", { port: 70_000, ip: "<nil>" }),
    config("3"),
  ]);
  expect(specs.map(({ id }) => String(id))).toEqual(["1", "3"]);
  expect(rejections.map(({ id, message }) => [String(id), message])).toEqual([
    [
      "2",
      'healthcheck 2 rejected: ip: "<nil>" is not valid; must be an IPv4 or IPv6 address; ' +
        "port: 70000 is out of range; must be an integer from 1 to 65535",
    ],
  ]);
});

test("configs: no spelling of an address makes the whole list fail", async () => {
  const { specs, rejections } = await new ConfigReader().read([
    config("1", { ip: "1::2:3:4:1.2.3.4" }),
    config("2"),
  ]);
  expect(specs.at(-1)?.check).toMatchObject({ address: { ip: "10.0.0.1" } });
  expect(specs.length + rejections.length).toBe(2);
});

test("configs: without an id its place in the list names it", async () => {
  const { rejections } = await new ConfigReader().read([config("1"), config("-1"), "{"]);
  expect(rejections.map(({ id }) => id)).toEqual([undefined, undefined]);
  expect(rejections[0]?.message).toStartWith("config 1 of the list rejected: id: -1 is not valid; must be");
  expect(rejections[1]?.message).toBe(
    "config 2 of the list rejected: not JSON (1 bytes, not shown); no healthcheck is stopped by this list",
  );
});

test("configs: the id of one that is not JSON is only a hint", async () => {
  const { rejections } = await new ConfigReader().read(['{"id":7,"port":080}', "@@"]);
  expect(rejections.map(({ id, message }) => [id, message])).toEqual([
    [
      undefined,
      "config 0 of the list rejected: not JSON (19 bytes, not shown), perhaps of healthcheck 7; " +
        "no healthcheck is stopped by this list",
    ],
    [
      undefined,
      "config 1 of the list rejected: not JSON (2 bytes, not shown); no healthcheck is stopped by this list",
    ],
  ]);
});

test("configs: of two with the same id the last counts, and the duplicate is reported", async () => {
  const texts = [config("1", { port: 1 }), config("2"), config("1", { port: 2 })];
  const { specs, repeated } = await new ConfigReader().read(texts);
  expect([...repeated].map(String)).toEqual(["1"]);
  // config() makes TCP checks.
  const ports = new Map(specs.map(({ id, check }) => [String(id), (check as TcpSpec).address.port]));
  expect([specs.length, ports.get("1"), ports.get("2")]).toEqual([2, 2, 80]);
});

test("configs: of two with the same id the last counts, though it is refused", async () => {
  const { specs, rejections } = await new ConfigReader().read([config("1"), config("1", { port: 0 })]);
  expect(specs).toEqual([]);
  expect(rejections.map(({ id }) => String(id))).toEqual(["1"]);
});

test("configs: a text that was in the last list gives the very same spec, in whatever order", async () => {
  const reader = new ConfigReader();
  const texts = [config("1"), config("2")];
  const before = await reader.read(texts);
  const after = await reader.read([config("3"), ...texts.toReversed()]);
  expect(after.specs[2]).toBe(before.specs[0]);
  expect(after.specs[1]).toBe(before.specs[1]);
});

test("configs: a text that was missing in between is parsed again", async () => {
  const reader = new ConfigReader();
  const before = await reader.read([config("1")]);
  await reader.read([]);
  const after = await reader.read([config("1")]);
  expect(after.specs).toEqual(before.specs);
  expect(after.specs[0]).not.toBe(before.specs[0]);
});

test("configs: a rejection that was reported with the last list is marked as known", async () => {
  const reader = new ConfigReader();
  const bad = config("1", { port: 0 });
  expect((await reader.read([bad])).rejections.map(({ known }) => known)).toEqual([false]);
  expect((await reader.read([config("2"), bad])).rejections.map(({ known }) => known)).toEqual([true]);
  expect((await reader.read([config("1", { port: 70_000 })])).rejections.map(({ known }) => known)).toEqual([
    false,
  ]);
});

test("messages: what is larger than a message may be is refused before it is parsed", async () => {
  const beside = "the line has more than 16,384 bytes beside the elements of configs";
  const spaces = " ".repeat(20_000);
  const cases: [string, string][] = [
    [`{"type":"${spaces}"}`, beside],
    [`{"type":"update_configs","configs":[]${spaces}}`, beside],
    [`{"type":"update_configs","x":"${spaces}","configs":[]}`, beside],
    [
      `{"type":"update_configs","configs":[${",".repeat(300_000)}]}`,
      "configs: too long; must be a list of at most 250,000 healthchecks",
    ],
  ];
  for (const [text, words] of cases) await expect(read(text)).rejects.toThrow(new MessageError(words));
});

test.each([
  [
    "70,000 bytes",
    `"x":"${"x".repeat(70_000)}"`,
    /^too long; must be at most 65,536 bytes \(70\d{3} bytes, not shown\)/,
  ],
  ["5,000 values", `"x":[${"0,".repeat(5_000)}0]`, /^too many values; must be at most 2,048/],
  ["20 levels", `"x":${"[".repeat(20)}${"]".repeat(20)}`, /^nested too deeply; must be at most 16 levels/],
])("configs: one of %s is refused alone, without being parsed", async (_, field, words) => {
  const bad = `{"id":7,${field}}`;
  const { specs, rejections, rejectedIds } = await readList(`[${config("1")},${bad},${config("2")}]`);
  expect(specs.map(({ id }) => String(id))).toEqual(["1", "2"]);
  expect(rejectedIds).toEqual(new Set([undefined]));
  const [rejection] = rejections;
  expect(rejection?.message).toStartWith("config 1 of the list rejected: ");
  expect(rejection?.message.slice("config 1 of the list rejected: ".length)).toMatch(words);
  expect(rejection?.message).toEndWith("perhaps of healthcheck 7; no healthcheck is stopped by this list");
});

test("configs: one that is not UTF-8 is refused alone", async () => {
  const parts = [`[${config("1")},{"id":7,"x":"`, Uint8Array.of(0xc3), `"},${config("2")}]`];
  const { specs, rejections } = await readList(
    Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part))),
  );
  expect(specs.length).toBe(2);
  expect(rejections[0]?.message).toContain("not UTF-8 (16 bytes, not shown), perhaps of healthcheck 7");
});

test("configs: of many refused ones a hundred are described, the others counted, all kept from being stopped", async () => {
  const { rejections, rejected, rejectedIds } = await new ConfigReader().read(
    times(2_000, (n) => config(`${n + 1}`, { port: 0 })),
  );
  expect([rejections.length, rejected, rejectedIds.size]).toEqual([100, 2_000, 2_000]);
  expect(rejections.at(-1)?.message).toStartWith("healthcheck 100 rejected: ");
});

test("configs: of many errors in one config five are said, and the number of the others", async () => {
  const bad = { checker_type: "http", expected_codes: times(900, () => "x"), port: 0 };
  const { rejections } = await new ConfigReader().read([config("1", bad)]);
  const { message = "" } = rejections[0] ?? {};
  expect(message.match(/; must be /g)?.length).toBe(5);
  expect(message).toEndWith("; … and 896 more");
});

test("configs: the length of a list is checked before its elements, and so is the number of headers", async () => {
  const headers = Object.fromEntries(times(101, (n) => [`bad name ${n}`, 7]));
  const { rejections } = await new ConfigReader().read([
    config("1", { checker_type: "http", expected_codes: times(1_001, () => "x"), headers }),
    config("2", { checker_type: "dns", query: "a.test", expected_ips: times(1_001, () => "x") }),
  ]);
  expect(rejections.map(({ message }) => message)).toEqual([
    "healthcheck 1 rejected: expected_codes: too long; must be a list of at most 1000 integers; headers: too long; must be a map of at most 100 headers",
    "healthcheck 2 rejected: expected_ips: too long; must be a list of at most 1000 strings",
  ]);
});
