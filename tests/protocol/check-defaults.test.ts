/** Defaults of the server for what a CONFIG leaves open. */
import { expect, test } from "bun:test";
import { readYaml } from "../../src/config/yaml.ts";
import { validateChecks } from "../../src/control/checks-file.ts";
import { CHECK_DEFAULTS, type CheckDefaults, thresholdsOf } from "../../src/model/check-defaults.ts";
import { readConfig } from "../../src/protocol/healthcheck.ts";
import { ConfigReader } from "../../src/protocol/messages.ts";
import { elementsOf } from "../harness/client/client-lines.ts";
import { configFields } from "../harness/client/configs.ts";

const RUST: CheckDefaults = { ...CHECK_DEFAULTS, thresholds: "rust" };
const GRACEFUL: CheckDefaults = { ...CHECK_DEFAULTS, close: "graceful" };

function specOf(changes: object, defaults?: CheckDefaults) {
  const read = readConfig(configFields(changes), "wire", defaults);
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  return read.spec;
}

test.each([
  [0, { rise: 1, fall: 1 }, { rise: 2, fall: 2 }],
  [1, { rise: 1, fall: 2 }, { rise: 2, fall: 2 }],
  [2, { rise: 1, fall: 3 }, { rise: 3, fall: 3 }],
  [9, { rise: 1, fall: 10 }, { rise: 10, fall: 10 }],
])("defaults: %i retries by either rule", (retries, seesaw, rust) => {
  expect(thresholdsOf(retries, "seesaw")).toEqual(seesaw);
  expect(thresholdsOf(retries, "rust")).toEqual(rust);
  expect(specOf({ retries })).toMatchObject(seesaw);
  expect(specOf({ retries }, RUST)).toMatchObject(rust);
});

test("defaults: a config's own rise and fall win, each alone", () => {
  expect(specOf({ retries: 2, rise: 1 }, RUST)).toMatchObject({ rise: 1, fall: 3 });
  expect(specOf({ retries: 2, fall: 1 }, RUST)).toMatchObject({ rise: 3, fall: 1 });
  expect(specOf({ retries: 2, rise: 4, fall: 5 }, RUST)).toMatchObject({ rise: 4, fall: 5 });
  // Go writes what is not set as 0.
  expect(specOf({ retries: 2, rise: 0, fall: 0 }, RUST)).toMatchObject({ rise: 3, fall: 3 });
});

test("defaults: a config's own close wins", () => {
  expect(specOf({}).check).toMatchObject({ close: "reset" });
  expect(specOf({}, GRACEFUL).check).toMatchObject({ close: "graceful" });
  expect(specOf({ close: "" }, GRACEFUL).check).toMatchObject({ close: "graceful" });
  expect(specOf({ close: "reset" }, GRACEFUL).check).toMatchObject({ close: "reset" });
});

test("defaults: a config's own handshake wins, and what opens a connection is full", () => {
  const full: CheckDefaults = { ...CHECK_DEFAULTS, handshake: "full" };
  expect(specOf({}).check).toMatchObject({ handshake: "half" });
  expect(specOf({}, full).check).toMatchObject({ handshake: "full" });
  expect(specOf({ handshake: "half" }, full).check).toMatchObject({ handshake: "half" });
  expect(specOf({ handshake: "full" }).check).toMatchObject({ handshake: "full" });
  expect(specOf({}, GRACEFUL).check).toMatchObject({ handshake: "full" });
  expect(specOf({ receive: "220" }).check).toMatchObject({ handshake: "full" });
  expect(specOf({ send: "PING", receive: "PONG" }).check).toMatchObject({ handshake: "half" });
  expect(specOf({ secure: true, close: "graceful" }).check).toMatchObject({ handshake: "half" });
});

test.each([
  [{ close: "graceful" }, "close: graceful"],
  [{ receive: "220" }, "receive without send"],
])("defaults: handshake: half is not allowed beside %j", (fields, obstacle) => {
  expect(() => specOf({ ...fields, handshake: "half" })).toThrow(
    `half is not allowed beside ${obstacle}; must be full or absent`,
  );
});

test("defaults: they hold for lists of the client and for checks files alike", async () => {
  const defaults: CheckDefaults = { ...RUST, close: "graceful" };
  const text = JSON.stringify(configFields({ id: 0 })).replace('"id":0', '"id":1');
  const { specs } = await new ConfigReader(defaults).read(elementsOf([text]));
  const { set } = validateChecks("checks.yaml", readYaml(`healthchecks: [${text}]\n`, "checks"), defaults);
  for (const [spec] of [specs, set.specs])
    expect(spec).toMatchObject({ rise: 2, fall: 2, check: { close: "graceful" } });
});
