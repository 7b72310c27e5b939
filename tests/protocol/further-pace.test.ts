/** The fields `fast_interval`, `down_interval`, `jitter` and `damping`, and their defaults in the section `checks`. */
import { expect, test } from "bun:test";
import { validateConfig } from "../../src/config/load.ts";
import { CHECK_DEFAULTS, type CheckDefaults } from "../../src/model/check-defaults.ts";
import { DAMPING_DEFAULTS } from "../../src/model/spec.ts";
import { readConfig } from "../../src/protocol/healthcheck.ts";
import { configFields } from "../harness/client/configs.ts";

function read(changes: object, defaults?: CheckDefaults) {
  return readConfig(configFields({ interval: "5s", ...changes }), "wire", defaults);
}

function specOf(changes: object, defaults?: CheckDefaults) {
  const found = read(changes, defaults);
  if (!found.ok) throw new Error(JSON.stringify(found.faults));
  return found.spec;
}

const PLAIN = { intervalMs: 5_000, fastIntervalMs: 5_000, downIntervalMs: 5_000, jitter: 0 };

test.each<[object, object]>([
  [{}, PLAIN],
  [
    { fast_interval: "500ms", down_interval: "30s", jitter: 10 },
    { ...PLAIN, fastIntervalMs: 500, downIntervalMs: 30_000, jitter: 10 },
  ],
  [
    { fast_interval: "5s", down_interval: "1s" },
    { ...PLAIN, downIntervalMs: 1_000 },
  ],
  [{ fast_interval: "0s", down_interval: "", jitter: 0 }, PLAIN],
  [{ fast_interval: null, down_interval: null, jitter: null, damping: null }, PLAIN],
  [{ fast_interval: "off", down_interval: false, damping: "off" }, PLAIN],
  [{ damping: {} }, { ...PLAIN, damping: DAMPING_DEFAULTS }],
  [
    { damping: { half_life: "30s", suppress: 3_000, reuse: null } },
    { ...PLAIN, damping: { halfLifeMs: 30_000, suppress: 3_000, reuse: 750 } },
  ],
])("pace: %j", (fields, spec) => {
  expect(specOf(fields)).toMatchObject(spec);
  expect("damping" in specOf(fields)).toBe("damping" in spec);
});

test.each([
  [{ fast_interval: "6s" }, "fast_interval", "6s is out of range; must be at most interval, 5s"],
  [
    { fast_interval: "9ms" },
    "fast_interval",
    '"9ms" is not valid; must be off, or a duration from 10ms to a year',
  ],
  [{ down_interval: 5 }, "down_interval", "5 is not valid; must be off, or a duration from 10ms to a year"],
  [{ jitter: 51 }, "jitter", "51 is out of range; must be a number from 0 to 50"],
  [{ jitter: "10%" }, "jitter", '"10%" is not valid; must be a number from 0 to 50'],
  [{ damping: 3 }, "damping", "3 is not valid; must be off, or a map of half_life, suppress, reuse"],
  [
    { damping: { half_life: "soon" } },
    "damping",
    'half_life "soon" is not valid; must be a duration such as "500ms", "5s" or "1m30s", from 10ms to 365d',
  ],
  [{ damping: { suppress: 700 } }, "damping", "reuse 750 is not valid; must be below suppress, 700"],
  [
    { damping: { halflife: "1m" } },
    "damping",
    '"halflife" is not valid; must be one of half_life, suppress, reuse',
  ],
])("pace: %j is rejected", (fields, field, message) => {
  expect(read(fields)).toMatchObject({ ok: false, faults: [{ path: [field], message }] });
});

const DEFAULTS: CheckDefaults = {
  ...CHECK_DEFAULTS,
  fast_interval: 500,
  down_interval: 10_000,
  jitter: 5,
  damping: DAMPING_DEFAULTS,
};

test("pace: the section checks has the defaults, a healthcheck's own fields win", () => {
  const spec = { fastIntervalMs: 500, downIntervalMs: 10_000, jitter: 5, damping: DAMPING_DEFAULTS };
  expect(specOf({}, DEFAULTS)).toMatchObject(spec);
  expect(specOf({ fast_interval: "0s" }, DEFAULTS)).toMatchObject(spec);
  const own = { fast_interval: "off", down_interval: "off", jitter: 0, damping: "off" };
  expect(specOf(own, DEFAULTS)).toMatchObject(PLAIN);
  expect(specOf(own, DEFAULTS).damping).toBeUndefined();
});

test("pace: a default makes no check rarer in transition, nor more frequent while unhealthy", () => {
  expect(specOf({ interval: "200ms" }, DEFAULTS)).toMatchObject({ fastIntervalMs: 200 });
  expect(specOf({ interval: "1m" }, DEFAULTS)).toMatchObject({ downIntervalMs: 60_000 });
});

test("pace: the configuration file has the defaults", () => {
  const { config } = validateConfig(
    "checks: { fast_interval: 500ms, down_interval: off, jitter: 10, damping: { half_life: 2m } }",
  );
  expect(config?.checks).toMatchObject({ fast_interval: 500, down_interval: "off", jitter: 10 });
  expect(config?.checks.damping).toEqual({ ...DAMPING_DEFAULTS, halfLifeMs: 120_000 });
});
