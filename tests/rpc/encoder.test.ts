/** The requests of a health checker, byte by byte as Go has accepted them, and the encoder against the decoder. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseId } from "../../src/model/id.ts";
import type { Notification } from "../../src/model/status.ts";
import { encodeTime, fetchCall, reportCall } from "../../src/rpc/engine-calls.ts";
import {
  GobEncoder,
  gobBool,
  gobBytes,
  gobInt,
  gobOpaque,
  gobSlice,
  gobString,
  gobStruct,
  gobUint,
} from "../../src/rpc/gob-encoder.ts";
import { GobOpaque, GobStruct, type GobValue } from "../../src/rpc/gob-values.ts";
import { RpcClient } from "../../src/rpc/rpc-client.ts";
import { decodeValues } from "../harness/engine/conversation.ts";
import { differences, GOB_VECTORS, gobVector, type Meaning } from "../harness/engine/gob-vectors.ts";

const hex = (bytes: Uint8Array) => bytes.toHex();

function idOf(digits: string) {
  const id = parseId(digits);
  if (id === undefined) throw new Error(`${digits} is not an id`);
  return id;
}

test("encoder: a fetch has the bytes that engines of every version accept", () => {
  const { request } = gobVector("checks-other-engine");
  expect(hex(new RpcClient().call(fetchCall("healthcheck [pid 1]")))).toBe(hex(request));
  expect(request.length).toBe(186);
});

test("encoder: a report has the bytes that Go accepts, to the last nanosecond of its times", () => {
  const { request } = gobVector("state-handmade");
  const { method, type, args } = reportCall("healthcheck [pid 1]", []);
  const status = (
    LastCheck: string | undefined,
    Duration: number,
    Failures: bigint,
    Successes: number,
    State: number,
    Message: string,
  ) => ({
    LastCheck: LastCheck === undefined ? undefined : Uint8Array.fromHex(LastCheck),
    Duration,
    Failures,
    Successes,
    State,
    Message,
  });
  const Notifications = [
    {
      Id: 2n ** 64n - 1n,
      Status: status("010000000ee295078203896dc5ffff", -5, 2n ** 64n - 1n, 0, 1, "ключ 😀"),
    },
    { Id: 0n, Status: status(undefined, 0, 0n, 0, 0, "") },
    {
      Id: 13758215386640154625n,
      Status: status("010000000e7791f6ff3b9ac9ffffff", 1_000_000_000, 1n, 2, 2, "ok"),
    },
  ];
  expect(hex(new RpcClient().call({ method, type, args: { ...args, Notifications } }))).toBe(hex(request));
});

test("encoder: a report carries state, counters, duration and time", () => {
  const notifications: Notification[] = [
    {
      id: idOf("18446744073709551615"),
      status: {
        state: "unhealthy",
        lastCheckMs: 1_764_000_000_123.5,
        durationMs: 500,
        failures: 3,
        successes: 7,
        message: "L4TOUT é",
      },
    },
    {
      id: idOf("0"),
      status: { state: "healthy", lastCheckMs: -0.25, durationMs: 0, failures: 0, successes: 1, message: "" },
    },
  ];
  const [, args] = decodeValues(new RpcClient().call(reportCall("me", notifications)));
  expect(
    differences(
      {
        Ctx: { AuthType: 2, Peer: { Component: 4, Identity: "me" } },
        Notifications: [
          {
            Id: "18446744073709551615",
            Status: { Duration: "500000000", Failures: "3", Successes: "7", State: 1, Message: "L4TOUT é" },
          },
          { Id: "0", Status: { Successes: "1", State: 2 } },
        ],
      },
      args,
    ),
  ).toEqual([]);
  const states = list(structOf(args).get("Notifications")).map((one) =>
    structOf(structOf(one).get("Status")),
  );
  expect(states.map((status) => opaqueHex(status.get("LastCheck")))).toEqual([
    hex(encodeTime(1_764_000_000_123.5)),
    hex(encodeTime(-0.25)),
  ]);
});

test.each([0, -0.25, 999.9999999, 1_764_000_000_123.5])(
  "encoder: the time %p is in UTC, with nanoseconds below a second",
  (unixMs) => {
    const view = new DataView(encodeTime(unixMs).buffer);
    expect(view.byteLength).toBe(15);
    expect(view.getUint8(0)).toBe(1);
    const ns = (view.getBigInt64(1) - 62_135_596_800n) * 1_000_000_000n + BigInt(view.getInt32(9));
    expect(Number(ns) / 1e6).toBeCloseTo(unixMs, 3);
    expect(view.getInt32(9)).toBeWithin(0, 1e9);
    expect(view.getInt16(13)).toBe(-1);
  },
);

test("encoder: a type is defined once in a stream, before its first value", () => {
  const client = new RpcClient();
  const first = client.call(fetchCall("me"));
  expect(() => client.call(fetchCall("me"))).toThrow("SeesawEngine.Healthchecks is unanswered");
  const encoder = new GobEncoder();
  const { type, args } = fetchCall("me");
  const [once, again] = [encoder.encode(type, args), encoder.encode(type, args)];
  expect(again.length).toBeLessThan(once.length);
  expect(hex(first).endsWith(hex(once))).toBe(true);
  expect(hex(once).endsWith(hex(again))).toBe(true);
});

/** Go's own types of a request, as its health checker declares them. */
const STRINGS = gobSlice(67, gobString, "[]string");
const PEER = gobStruct(68, { Component: gobInt, Identity: gobString }, "Peer");
const USER = gobStruct(69, { Groups: STRINGS, UID: gobString, Username: gobString }, "User");
const CONTEXT = gobStruct(
  66,
  { AuthToken: gobString, AuthType: gobInt, Groups: STRINGS, Peer: PEER, Proxy: PEER, User: USER },
  "Context",
);

test("encoder: with Go's own types, the fetch of Google's health checker comes out byte by byte", () => {
  const bytes = new RpcClient().call({
    method: "SeesawEngine.Healthchecks",
    type: CONTEXT,
    args: {
      AuthToken: "",
      AuthType: 2,
      Groups: [],
      Peer: { Component: 4, Identity: "healthcheck [pid 17250]" },
      Proxy: { Component: 0, Identity: "" },
      User: { Groups: [], UID: "0", Username: "root" },
    },
  });
  expect(hex(bytes)).toBe(hex(gobVector("capture-00").request));
});

test("encoder: the arguments of every fetch among the vectors survive encoding", () => {
  const fetches = GOB_VECTORS.flatMap(({ calls }) => calls).filter(({ method }) =>
    method.endsWith("Healthchecks"),
  );
  expect(fetches.length).toBeGreaterThan(15);
  for (const { args } of fetches) {
    const [, decoded] = decodeValues(
      new RpcClient().call({ method: "SeesawEngine.Healthchecks", type: CONTEXT, args: contextOf(args) }),
    );
    expect(differences(args, decoded)).toEqual([]);
  }
});

test("encoder: whatever it writes, the decoder reads", () => {
  const inner = gobStruct(70, { Flag: gobBool, Text: gobString, Raw: gobBytes });
  const type = gobStruct(71, {
    Int: gobInt,
    Uint: gobUint,
    Opaque: gobOpaque(72),
    Inner: inner,
    List: gobSlice(73, inner),
  });
  const innerValue = fc.record({
    Flag: fc.boolean(),
    Text: fc.string({ unit: "grapheme" }),
    Raw: fc.uint8Array(),
  });
  const value = fc.record({
    Int: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    Uint: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    Opaque: fc.uint8Array(),
    Inner: innerValue,
    List: fc.array(innerValue),
  });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 3 }), (values) => {
      const encoder = new GobEncoder();
      const decoded = decodeValues(Buffer.concat(values.map((one) => encoder.encode(type, one))));
      expect(decoded.map((one) => plain(structOf(one)))).toEqual(
        values.map(({ Int, Uint, Opaque, Inner, List }) => ({
          Int,
          Uint,
          Opaque: hex(Opaque),
          Inner: asPlain(Inner),
          List: List.map(asPlain),
        })),
      );
    }),
  );
});

function plain(struct: GobStruct) {
  const list_ = list(struct.get("List") ?? []);
  return {
    Int: struct.get("Int") ?? 0n,
    Uint: struct.get("Uint") ?? 0n,
    Opaque: opaqueHex(struct.get("Opaque")) ?? "",
    Inner: innerPlain(structOf(struct.get("Inner"))),
    List: list_.map((one) => innerPlain(structOf(one))),
  };
}

function innerPlain(struct: GobStruct) {
  const bytes = (field: string) => {
    const value = struct.get(field) ?? new Uint8Array();
    return value instanceof Uint8Array ? hex(value) : undefined;
  };
  return { Flag: struct.get("Flag") ?? false, Text: bytes("Text"), Raw: bytes("Raw") };
}

function asPlain({ Flag, Text, Raw }: { Flag: boolean; Text: string; Raw: Uint8Array }) {
  return { Flag, Text: Buffer.from(Text).toString("hex"), Raw: hex(Raw) };
}

function structOf(value: GobValue | undefined): GobStruct {
  if (!(value instanceof GobStruct)) throw new Error("not a struct");
  return value;
}

function list(value: GobValue | undefined): readonly GobValue[] {
  if (!Array.isArray(value)) throw new Error("not a list");
  return value;
}

function opaqueHex(value: GobValue | undefined): string | undefined {
  return value instanceof GobOpaque && value.bytes instanceof Uint8Array ? hex(value.bytes) : undefined;
}

/** The arguments of a fetch; the captures leave zero values out. */
function contextOf(meaning: Meaning) {
  const part = (of: Meaning | undefined, key: string): Meaning =>
    (of as Readonly<Record<string, Meaning>> | null)?.[key] ?? null;
  const peer = (of: Meaning) => ({
    Component: Number(part(of, "Component") ?? 0),
    Identity: String(part(of, "Identity") ?? ""),
  });
  const user = part(meaning, "User");
  return {
    AuthToken: String(part(meaning, "AuthToken") ?? ""),
    AuthType: Number(part(meaning, "AuthType") ?? 0),
    Groups: [],
    Peer: peer(part(meaning, "Peer")),
    Proxy: peer(part(meaning, "Proxy")),
    User: {
      Groups: [],
      UID: String(part(user, "UID") ?? ""),
      Username: String(part(user, "Username") ?? ""),
    },
  };
}

test("encoder: a number and the same bigint have the same bytes, at every length", () => {
  const values = [
    0,
    1,
    63,
    64,
    127,
    128,
    255,
    256,
    65_535,
    65_536,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 47,
    2 ** 48,
    2 ** 53 - 1,
  ];
  for (const type of [gobInt, gobUint])
    for (const value of values)
      expect(hex(new GobEncoder().encode(type, value))).toBe(
        hex(new GobEncoder().encode(type, BigInt(value))),
      );
  for (const value of values.slice(1))
    expect(hex(new GobEncoder().encode(gobInt, -value))).toBe(
      hex(new GobEncoder().encode(gobInt, BigInt(-value))),
    );
});
