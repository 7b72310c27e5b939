/** The JSON Schemas for editors: they validate as the server does, as far as such a schema can. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { Ajv } from "ajv";
import fc from "fast-check";
import { checksJsonSchema } from "../../scripts/tools/docs/checks-schema.ts";
import { configJsonSchema } from "../../scripts/tools/docs/config-schema.ts";
import { validateConfig } from "../../src/config/load.ts";
import { DEFAULT_CONFIG, leaves, SECTIONS, toFile } from "../../src/config/schema.ts";
import { readConfig } from "../../src/protocol/healthcheck.ts";
import { commonFields, fieldsOfType } from "../../src/protocol/healthcheck-schema.ts";

setDefaultTimeout(30_000);

const ajv = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true });
const config = ajv.compile(configJsonSchema());
const checks = ajv.compile(checksJsonSchema());

/** The verdict of `check-config --strict-config`. JSON is YAML. */
function serverAccepts(file: unknown): boolean {
  const { config: read, warnings } = validateConfig(JSON.stringify(file));
  return read !== undefined && warnings.length === 0;
}

test("json schema: the defaults pass, in their order and with nothing added", () => {
  expect([config(toFile(DEFAULT_CONFIG)), config.errors]).toEqual([true, null]);
  expect(config({})).toBe(true);
  expect(config(null)).toBe(true);
});

test("json schema: a place for anchors passes in both files, and another unknown key does not", () => {
  const anchors = { "x-common": { interval: "1s" }, "x-": 5 };
  expect([config(anchors), serverAccepts(anchors)]).toEqual([true, true]);
  expect([checks({ ...anchors, healthchecks: [] }), checks.errors]).toEqual([true, null]);
  expect([config({ "X-common": {} }), serverAccepts({ "X-common": {} })]).toEqual([false, false]);
});

test("json schema: every key has a description, and its default passes", () => {
  const { properties } = configJsonSchema() as {
    properties: Record<string, { properties: Record<string, { description?: string; default?: unknown }> }>;
  };
  for (const { section, name, about } of leaves()) {
    const key = properties[section]?.properties[name];
    expect(key?.description).toStartWith(about.about);
    expect([name, config({ [section]: { [name]: key?.default } })]).toEqual([name, true]);
    expect(key?.default).toEqual(toFile(DEFAULT_CONFIG)[section]?.[name]);
  }
});

test.each([
  ["an unknown section", { sever: {} }],
  ["an unknown key", { server: { proxysocket: "/x" } }],
  ["a section that is a value", { batching: 5 }],
  ["a section that is a list", { batching: [] }],
  ["a file that is a list", []],
  ["a relative path", { server: { proxy_socket: "relative.sock" } }],
  ["a path that is a directory", { server: { proxy_socket: "/run/seesaw/" } }],
  ["a mode that is not octal", { server: { socket_mode: "0888" } }],
  ["a mode in letters", { server: { socket_mode: "rw-rw----" } }],
  ["a mode that is too large", { server: { socket_mode: 1660 } }],
  ["a duration without a unit", { batching: { delay: "100" } }],
  ["a duration that is a number", { batching: { delay: 100 } }],
  ["a number that is too small", { batching: { max_size: 0 } }],
  ["a number that is too large", { channels: { notification: 100_001 } }],
  ["a number that is not whole", { channels: { config_update: 1.5 } }],
  ["a number in quotes", { channels: { proxy_message: "10" } }],
  ["a level that there is not", { logging: { level: "loud" } }],
  ["a word that is no yes or no", { metrics: { enabled: "yes" } }],
  ["an address that is a port", { metrics: { listen_addr: "9090" } }],
  ["no buckets", { metrics: { batch_size_buckets: [] } }],
  ["a bucket of nothing", { metrics: { batch_size_buckets: [0, 1] } }],
  ["a bucket twice", { metrics: { batch_size_buckets: [1, 1] } }],
  ["buckets in words", { metrics: { response_time_buckets: ["1"] } }],
  ["a name of blanks", { telemetry: { service_name: " " } }],
  ["an endpoint that is no URL", { telemetry: { otlp_endpoint: "collector:4317" } }],
  ["a rate above 1", { telemetry: { sampling_rate: 1.1 } }],
])("json schema: refuses %s, as the server does", (_name, file) => {
  expect([config(file), serverAccepts(file)]).toEqual([false, false]);
});

test.each([
  ["the range of a duration", { batching: { delay: "1h" } }],
  ["the order of buckets", { metrics: { batch_size_buckets: [2, 1] } }],
  ["whether an address is one", { metrics: { listen_addr: "999.0.0.1:9090" } }],
  ["whether a URL is one", { telemetry: { otlp_endpoint: "http://" } }],
  ["the bytes of a path", { server: { proxy_socket: `/${"a".repeat(200)}` } }],
  ["the digits of a mode without quotes", { server: { socket_mode: 189 } }],
])("json schema: cannot see %s, which check-config does", (_name, file) => {
  expect([config(file), serverAccepts(file)]).toEqual([true, false]);
});

/** Values that are near to being allowed somewhere. */
const value = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, "", " ", "0", "json", "debug", "off", "full", "text", [], {}),
  fc.constantFrom<unknown>("100ms", "1m 30s", " 5s ", ".5s", "1.s", "5", "1d", "2us", "0s", "-1s"),
  fc.constantFrom<unknown>("/a", "./a", "a", "/", "./", "/a/", "//", "/ä", "/a\nb", "/a\u0000b", "../a"),
  fc.constantFrom<unknown>("0660", "660", "0o660", "888", 660, 0, 7, 100, 1_000, 0.5, 1, -1, 1e9),
  fc.constantFrom<unknown>("127.0.0.1:0", "[::1]:9090", "[fe80::1%eth0]:1", "localhost:1", "::1:1", ":1"),
  fc.constantFrom<unknown>("http://a", "HTTPS://b:1/c", "http:a", " http://a", "ftp://a", "http://"),
  fc.constantFrom<unknown>(
    ["a.test"],
    ["a", "b-c.d_e."],
    ["a b"],
    ["a:1"],
    ["-a"],
    [""],
    ["a..b"],
    ["[::1]"],
  ),
  fc.array(fc.constantFrom<unknown>(0.1, 1, 2, 5, 0, -1, "1", null), { maxLength: 4 }),
  fc
    .array(fc.integer({ min: 1, max: 99 }), { maxLength: 60 })
    .map((list) => [...new Set(list)].sort((a, b) => a - b)),
);
const key = fc.constantFrom(...leaves().map(({ section, name }) => [section, name] as const));
const section = fc.tuple(key, value).map(([[of, name], given]) => ({ [of]: { [name]: given } }));
const misshapen = fc
  .tuple(fc.constantFrom(...Object.keys(SECTIONS), "other"), value)
  .map(([name, given]) => ({ [name]: given }));

test("json schema: what the server accepts, it accepts", () => {
  let accepted = 0;
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: section }, misshapen), (file) => {
      if (!serverAccepts(file)) return;
      accepted++;
      expect([file, config(file)]).toEqual([file, true]);
    }),
    { numRuns: 3_000 },
  );
  expect(accepted).toBeGreaterThan(100);
}, 30_000);

test("json schema: it rejects the numbers, strings and booleans that the server rejects", () => {
  const exact = new Set(["integer", "number", "boolean", "choice"]);
  const kinds = new Map(leaves().map(({ section: of, name, about }) => [`${of}.${name}`, about.kind]));
  fc.assert(
    fc.property(key, value, ([of, name], given) => {
      fc.pre(exact.has(kinds.get(`${of}.${name}`) ?? ""));
      const file = { [of]: { [name]: given } };
      expect([file, config(file)]).toEqual([file, serverAccepts(file)]);
    }),
    { numRuns: 2_000 },
  );
});

const COMMON = { id: 1, interval: "1s", timeout: "500ms" };
const ENTRIES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  tcp: { ...COMMON, checker_type: "tcp", ip: "127.0.0.1", port: 22 },
  http: { ...COMMON, checker_type: "http", ip: "::1", port: 80 },
  dns: { ...COMMON, checker_type: "dns", query: "localhost" },
  udp: { ...COMMON, checker_type: "udp", ip: "127.0.0.1", port: 7_001 },
  icmp: { ...COMMON, checker_type: "icmp", ip: "127.0.0.1" },
  radius: { ...COMMON, checker_type: "radius", ip: "127.0.0.1", secret: "s3cret", username: "probe" },
};
const entryValue = fc.oneof(
  value,
  fc.constantFrom<unknown>(
    "GET",
    "head",
    "G T",
    "a",
    "AAAA",
    "aAaa",
    "reset",
    "graceful",
    "a.example",
    "a b",
  ),
  fc.constantFrom<unknown>(200, 999, 1_000, 65_535, 65_536, 1_000_001, "18446744073709551615", "007"),
  fc.constantFrom<unknown>("/healthz", "http://a/b", "x".repeat(9_000), "10.0.0.1", "fe80::1"),
  fc.constantFrom<unknown>(
    [200, 204],
    [1_000],
    ["10.0.0.1", ""],
    ["x"],
    { "X-A": "b" },
    { "X A": "b" },
    { A: 1 },
  ),
);

/** The verdict of `run --checks`: integers are bigint there, see yaml.ts. */
function serverReads(entry: Readonly<Record<string, unknown>>): boolean {
  return readConfig(typeof entry["id"] === "number" ? { ...entry, id: BigInt(entry["id"]) } : entry, "file")
    .ok;
}

/** {@link serverReads}, and nothing of it is amended. */
function serverTakes(entry: Readonly<Record<string, unknown>>): boolean {
  const read = readConfig(
    typeof entry["id"] === "number" ? { ...entry, id: BigInt(entry["id"]) } : entry,
    "file",
  );
  return read.ok && read.warnings.length === 0;
}

test.each(Object.keys(ENTRIES))("json schema: of a %s check it accepts what the server accepts", (type) => {
  const base = ENTRIES[type] ?? {};
  const definitions = checksJsonSchema()["definitions"] as Record<string, { properties: object }>;
  const names = Object.keys(definitions[type]?.properties ?? {}).filter((name) => name !== "checker_type");
  expect([checks({ healthchecks: [base] }), serverReads(base)]).toEqual([true, true]);
  let accepted = 0;
  fc.assert(
    fc.property(fc.constantFrom(...names), entryValue, (name, given) => {
      fc.pre(name !== "id" || typeof given !== "number" || (Number.isInteger(given) && given >= 0));
      const entry = { ...base, [name]: given };
      if (!serverTakes(entry)) return;
      accepted++;
      expect([name, given, checks({ healthchecks: [entry] })]).toEqual([name, given, true]);
    }),
    { numRuns: 3_000 },
  );
  expect(accepted).toBeGreaterThan(100);
});

test.each(Object.keys(ENTRIES))(
  "json schema: of a %s check it refuses what the server refuses of exact kinds",
  (type) => {
    const base = ENTRIES[type] ?? {};
    const exact = new Set(["integer", "boolean", "choice"]);
    const names = [...commonFields(), ...(fieldsOfType(type) ?? [])].filter(
      ({ name, kind }) => exact.has(kind) && name !== "id",
    );
    let refused = 0;
    fc.assert(
      fc.property(fc.constantFrom(...names.map(({ name }) => name)), entryValue, (name, given) => {
        const entry = { ...base, [name]: given };
        // Whether the fields fit together is not asked here.
        if (serverTakes(entry)) return;
        refused++;
        expect([name, given, checks({ healthchecks: [entry] })]).toEqual([name, given, false]);
      }),
      { numRuns: 1_000 },
    );
    expect(refused).toBeGreaterThan(100);
  },
);

test.each([
  ["no list", {}],
  ["an entry without its type", { healthchecks: [COMMON] }],
  ["a type that there is not", { healthchecks: [{ ...ENTRIES["tcp"], checker_type: "smtp" }] }],
  ["an entry without its port", { healthchecks: [{ ...ENTRIES["tcp"], port: undefined }] }],
  ["an invalid port", { healthchecks: [{ ...ENTRIES["tcp"], port: 0 }] }],
  ["an invalid interval", { healthchecks: [{ ...ENTRIES["dns"], interval: "soon" }] }],
  ["an unknown field", { healthchecks: [{ ...ENTRIES["dns"], querry: "a" }] }],
  ["a field of another type", { healthchecks: [{ ...ENTRIES["dns"], send: "a" }] }],
  ["invalid codes", { healthchecks: [{ ...ENTRIES["http"], expected_codes: [1_000] }] }],
  ["a header with a line break", { healthchecks: [{ ...ENTRIES["http"], headers: { A: "b\nc" } }] }],
])("json schema: of a checks file it refuses %s", (_name, file) => {
  // As a file has it: what is undefined is not there.
  expect(checks(JSON.parse(JSON.stringify(file)))).toBe(false);
});
