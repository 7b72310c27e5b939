/** Validation of the configuration file: one bad value a rule, with position and exact message. */
import { expect, test } from "bun:test";
import { formatDiagnostic } from "../../src/config/diagnostic.ts";
import { validateConfig } from "../../src/config/load.ts";
import { DEFAULT_CONFIG, toFile } from "../../src/config/schema.ts";

const faults = (text: string) => validateConfig(text).faults.map((fault) => formatDiagnostic("F", fault));
const warnings = (text: string) => validateConfig(text).warnings.map((fault) => formatDiagnostic("F", fault));
/** One key of one section, on line 2. */
const one = (section: string, key: string, value: string) => `${section}:\n  ${key}: ${value}\n`;

const duration = (range: string) =>
  `a duration such as ${range === "1s to 1h" ? '"5s" or "1m30s"' : '"500ms" or "5s"'}, from ${range}`;
const SOCKET = "the path of a Unix socket, absolute or starting with ./, of at most 107 bytes";
const MODE = "a file mode of three octal digits, such as 0660";
const OTHERS = "a file mode without w for others, such as 0660, or set socket_mode_allow_others";
const LISTEN =
  'an address or a host name and a port, such as "127.0.0.1:9090", "[::1]:9090" or "localhost:9090", or ":9090" for every address';
const buckets = (unit: string) => `a list of 1 to 50 ascending positive numbers (${unit})`;

test.each([
  ["server", "proxy_socket", '""', `"" is not valid; must be ${SOCKET}`],
  ["server", "proxy_socket", "relative/", `"relative/" is not valid; must be ${SOCKET}`],
  ["server", "proxy_socket", "/run/seesaw/", `"/run/seesaw/" is not valid; must be ${SOCKET}`],
  ["server", "proxy_socket", `/${"a".repeat(107)}`, `"/${"a".repeat(58)}… is not valid; must be ${SOCKET}`],
  ["server", "proxy_socket", "[/a]", `a list (not shown) is not valid; must be ${SOCKET}`],
  [
    "server",
    "socket_mode",
    "0060",
    `0060 (s---rw----) is not valid; must be ${MODE}, in which the owner has rw`,
  ],
  [
    "server",
    "socket_mode",
    "432",
    `432 (sr---wx-w-) is not valid; must be ${MODE}, in which the owner has rw; 432 in decimal is 0660`,
  ],
  ["server", "socket_mode", "384", `"384" is not valid; must be ${MODE}; 384 in decimal is 0600`],
  ["server", "socket_mode", "'0662'", `0662 (srw-rw--w-) is not valid; must be ${OTHERS}`],
  ["server", "socket_mode", "0o777", `0o777 (srwxrwxrwx) is not valid; must be ${OTHERS}`],
  ["server", "socket_mode", "0888", `"0888" is not valid; must be ${MODE}`],
  ["server", "socket_mode", "rw-rw----", `"rw-rw----" is not valid; must be ${MODE}`],
  ["server", "socket_mode", "01660", `"01660" is not valid; must be ${MODE}`],
  ["server", "socket_mode", "true", `true is not valid; must be ${MODE}`],
  ["batching", "delay", "soon", `"soon" is not valid; must be ${duration("1ms to 10s")}`],
  ["batching", "delay", "100", `100 is not valid; must be ${duration("1ms to 10s")}`],
  ["batching", "delay", "0.9ms", `"0.9ms" is out of range; must be ${duration("1ms to 10s")}`],
  ["batching", "delay", "10001ms", `"10001ms" is out of range; must be ${duration("1ms to 10s")}`],
  ["batching", "max_size", "0", "0 is out of range; must be an integer from 1 to 10000"],
  ["batching", "max_size", "10001", "10001 is out of range; must be an integer from 1 to 10000"],
  ["batching", "max_size", "1.5", "1.5 is not valid; must be an integer from 1 to 10000"],
  ["batching", "max_size", '"10"', '"10" is not valid; must be an integer from 1 to 10000'],
  ["channels", "notification", "9", "9 is out of range; must be an integer from 10 to 100000"],
  ["channels", "config_update", "1001", "1001 is out of range; must be an integer from 1 to 1000"],
  ["channels", "proxy_message", "-1", "-1 is out of range; must be an integer from 1 to 1000"],
  ["manager", "monitor_interval", "5ms", `"5ms" is out of range; must be ${duration("10ms to 60s")}`],
  ["advanced", "notify_interval", "soon", `"soon" is not valid; must be ${duration("1s to 1h")}`],
  ["advanced", "notify_interval", "900", `900 is not valid; must be ${duration("1s to 1h")}`],
  ["logging", "level", "loud", '"loud" is not valid; must be one of error, warn, info, debug, trace, off'],
  [
    "logging",
    "level",
    "[info]",
    "a list (not shown) is not valid; must be one of error, warn, info, debug, trace, off",
  ],
  ["logging", "format", "[text]", "a list (not shown) is not valid; must be one of text, json"],
  ["metrics", "enabled", "yes", '"yes" is not valid; must be true or false'],
  ["metrics", "listen_addr", "localhost", `"localhost" is not valid; must be ${LISTEN}`],
  ["metrics", "response_time_buckets", "[0.1, '1']", '"1" is not valid; must be a positive number'],
  ["metrics", "batch_size_buckets", "5", `5 is not valid; must be ${buckets("a count")}`],
  ["telemetry", "enabled", "1", "1 is not valid; must be true or false"],
  ["telemetry", "service_name", '" "', '" " is not valid; must be a name'],
  [
    "telemetry",
    "otlp_endpoint",
    "collector",
    '"collector" is not valid; must be an http or https URL, such as "http://localhost:4317"',
  ],
  [
    "telemetry",
    "otlp_endpoint",
    "grpc://collector:4317",
    '"grpc://collector:4317" is not valid; must be an http or https URL, such as "http://localhost:4317"',
  ],
  [
    "telemetry",
    "otlp_endpoint",
    "collector:99999",
    '"collector:99999" is not valid; must be an http or https URL, such as "http://localhost:4317"',
  ],
  ["telemetry", "use_http", "grpc", '"grpc" is not valid; must be true or false'],
  ["telemetry", "sampling_rate", "1.1", "1.1 is out of range; must be a number from 0 to 1"],
])("config: refuses %s.%s: %s", (section, key, value, words) => {
  const validated = validateConfig(one(section, key, value));
  expect(validated.config).toBeUndefined();
  // An element of a list is named by its place.
  const [place, of] = value.startsWith("[0.1") ? [key.length + 11, `${key}.1`] : [key.length + 5, key];
  expect(faults(one(section, key, value))).toEqual([`F:2:${place}: ${section}.${of}: ${words}`]);
});

const UNUSED = "the key has no effect and is ignored";
const IDLE = "the key has no effect with the proxy and is ignored";
const POLLED: readonly (readonly [key: string, value: string, words: string])[] = [
  ["max_failures", "0", `0 is out of range; must be an integer from 1 to 1000; ${UNUSED}`],
  ["max_failures", "many", `"many" is not valid; must be an integer from 1 to 1000; ${UNUSED}`],
  ["fetch_interval", "2h", `"2h" is out of range; must be ${duration("1s to 1h")}; ${IDLE}`],
  [
    "retry_delay",
    "50ms",
    `"50ms" is out of range; must be a duration such as "500ms" or "5s", from 100ms to 60s; ${IDLE}`,
  ],
  [
    "retry_delay",
    "{}",
    `an object (not shown) is not valid; must be a duration such as "500ms" or "5s", from 100ms to 60s; ${IDLE}`,
  ],
];

type Amended = readonly [
  section: string,
  key: string,
  value: string,
  holds: unknown,
  words: readonly string[],
];

/** Odd values that are accepted: section, key, value; the value in effect, as written; the warning. */
const AMENDED: readonly Amended[] = [
  ...POLLED.map(([key, value, words]): Amended => {
    return ["advanced", key, value, toFile(DEFAULT_CONFIG)["advanced"]?.[key], [words]];
  }),
  ["batching", "delay", "100 ms", "100ms", []],
  ["batching", "delay", "1sec", "1s", []],
  ["advanced", "notify_interval", "1min", "1m", []],
  ["advanced", "notify_interval", "1 hour", "1h", []],
  [
    "advanced",
    "notify_interval",
    "500ms",
    "1s",
    [`"500ms" is out of range, using 1s; must be ${duration("1s to 1h")}`],
  ],
  [
    "advanced",
    "notify_interval",
    "0s",
    "1s",
    [`"0s" is out of range, using 1s; must be ${duration("1s to 1h")}`],
  ],
  [
    "advanced",
    "notify_interval",
    "1day",
    "1h",
    [`"1day" is out of range, using 1h; must be ${duration("1s to 1h")}`],
  ],
  ["batching", "max_size", "0b1010", 10, []],
  ["batching", "max_size", "+0x1F", 31, []],
  ["batching", "max_size", "100.0", 100, []],
  [
    "server",
    "proxy_socket",
    "relative.sock",
    "./relative.sock",
    ['"relative.sock" is relative to the working directory; write ./ before it'],
  ],
  ["telemetry", "service_name", "123", "123", ["123 is read as a string; write it in quotes"]],
  ["telemetry", "service_name", "1e3", "1e3", ["1e3 is read as a string; write it in quotes"]],
  ["telemetry", "sampling_rate", "1", 1, []],
  ...["collector:4317", "192.0.2.1:4317", "'[2001:db8::1]:4317'"].map((endpoint): Amended => {
    const said = endpoint.replaceAll("'", "");
    return [
      "telemetry",
      "otlp_endpoint",
      endpoint,
      `http://${said}`,
      [`"${said}" has no scheme; write http:// before it`],
    ];
  }),
  ["metrics", "enabled", "True", true, []],
  ["logging", "level", "INFO", "info", []],
  ["logging", "level", "off", "off", []],
  ["logging", "level", "4", "debug", []],
  ["logging", "level", '"healthcheck_server=debug,info"', "debug", []],
  [
    "logging",
    "level",
    "hyper=trace",
    "info",
    [
      '"hyper=trace" has no directive for healthcheck_server, using info; must be one of error, warn, info, debug, trace, off',
    ],
  ],
  ["logging", "format", "JSON", "json", []],
  ...["pretty", "compact", "full", "xml"].map((format): Amended => {
    const words = `"${format}" is not supported, using text; must be one of text, json`;
    return ["logging", "format", format, "text", [words]];
  }),
  ["metrics", "listen_addr", "localhost:9090", "localhost:9090", []],
  ["metrics", "listen_addr", '":9090"', ":9090", []],
  ["metrics", "listen_addr", '"[::]:9090"', "[::]:9090", []],
  ["metrics", "batch_size_buckets", "[5, 1]", [1, 5], ["the bounds are not ascending and are sorted"]],
  [
    "metrics",
    "response_time_buckets",
    "[0.1, .inf]",
    [0.1],
    ["ignoring Infinity: every histogram ends with an infinite bucket"],
  ],
  ["metrics", "response_time_buckets", "[1, 1, 2]", [1, 2], ["duplicate bounds are ignored"]],
  [
    "metrics",
    "response_time_buckets",
    "[-1, 0, .nan, 2]",
    [2],
    [
      "ignoring -1: no measured value is below it",
      "ignoring 0: no measured value is below it",
      "ignoring NaN: not a number",
    ],
  ],
  [
    "metrics",
    "batch_size_buckets",
    "[]",
    [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000],
    ["no valid bound; the default is used"],
  ],
  [
    "metrics",
    "batch_size_buckets",
    `[${Array.from({ length: 99 }, (_, at) => at + 1).join(", ")}]`,
    Array.from({ length: 50 }, (_, at) => at * 2 + 1),
    ["only 50 of the 99 bounds are used, evenly spread"],
  ],
];

test("config: with the engine, fetch_interval and retry_delay have an effect, and a wrong value is an error", () => {
  const advanced = "advanced: { fetch_interval: 2h, retry_delay: 50ms, max_failures: 0 }\n";
  const text = `server: { control: engine }\n${advanced}`;
  expect(faults(text)).toEqual([
    `F:2:29: advanced.fetch_interval: "2h" is out of range; must be ${duration("1s to 1h")}`,
    `F:2:46: advanced.retry_delay: "50ms" is out of range; must be ${duration("100ms to 60s")}`,
  ]);
  expect(warnings(text)).toEqual([
    `F:2:66: advanced.max_failures: 0 is out of range; must be an integer from 1 to 1000; ${UNUSED}`,
  ]);
  expect(faults(`server: { control: proxy }\n${advanced}`)).toEqual([]);
});

test.each(AMENDED)("config: %s.%s: %s does not cost the file", (section, key, value, holds, words) => {
  const { config, faults: none } = validateConfig(one(section, key, value));
  expect(none).toEqual([]);
  expect(toFile(config ?? DEFAULT_CONFIG)[section]?.[key]).toEqual(holds as never);
  const place = `F:2:${key.length + 5}: ${section}.${key}: `;
  expect(warnings(one(section, key, value))).toEqual(words.map((said) => `${place}${said}`));
});

test("config: a mode that lets every user connect needs a second key", () => {
  const text = "server:\n  socket_mode: 0666\n  socket_mode_allow_others: true\n";
  expect(validateConfig(text).config?.server.socket_mode).toBe(0o666);
  expect(faults(text.replace("true", "false")).length).toBe(1);
});

test("config: what is wrong in a section that is switched off does not cost the file", () => {
  const text =
    'telemetry:\n  enabled: false\n  otlp_endpoint: ""\nmetrics: {listen_addr: "", enabled: false}\n';
  expect(validateConfig(text).config).toEqual(DEFAULT_CONFIG);
  const url = 'an http or https URL, such as "http://localhost:4317"';
  expect(warnings(text)).toEqual([
    `F:3:18: telemetry.otlp_endpoint: "" is not valid; must be ${url}; the key has no effect while telemetry.enabled is false and is ignored`,
    `F:4:24: metrics.listen_addr: "" is not valid; must be ${LISTEN}; the key has no effect while metrics.enabled is false and is ignored`,
  ]);
  for (const said of ["true", "maybe"])
    expect(validateConfig(text.replaceAll("enabled: false", `enabled: ${said}`)).config).toBeUndefined();
});

test("config: an element of a list is named by its place", () => {
  expect(faults("metrics:\n  response_time_buckets:\n    - 1\n    - much\n")).toEqual([
    `F:4:7: metrics.response_time_buckets.1: "much" is not valid; must be a positive number`,
  ]);
});

test("config: every error is reported, in the order of the file", () => {
  const text = "telemetry:\n  sampling_rate: 9\nserver: 5\nbatching:\n  max_size: 0\n  delay: soon\n";
  expect(faults(text).map((fault) => fault.split(": ").slice(0, 2).join(": "))).toEqual([
    "F:2:18: telemetry.sampling_rate",
    "F:3:9: server",
    "F:5:13: batching.max_size",
    "F:6:10: batching.delay",
  ]);
});

test("config: a section must hold keys", () => {
  const words = "is not valid; must be a map of the section's keys, or empty";
  expect(faults("server: 5\n")).toEqual([`F:1:9: server: a number (not shown) ${words}`]);
  expect(faults("batching:\n  - delay\n")).toEqual([`F:2:3: batching: a list (not shown) ${words}`]);
});

test("config: the file must hold sections", () => {
  const words =
    "is not valid; must be a map of sections (server, batching, channels, manager, checks, network, events, advanced, logging, metrics, telemetry)";
  expect(faults("hello\n")).toEqual([`F:1:1: a string (not shown) ${words}`]);
  expect(faults("- 1\n")).toEqual([`F:1:1: a list (not shown) ${words}`]);
});

test.each([
  "",
  "\n",
  "# nothing\n",
  "---\n",
  "null\n",
  "{}\n",
  "server:\n",
  "server: ~\nbatching: {}\n",
  "batching:\n  delay:\n",
])("config: with nothing said the defaults hold: %j", (text) => {
  expect(validateConfig(text)).toMatchObject({ config: DEFAULT_CONFIG, faults: [], warnings: [] });
});

test("config: what is said holds, the rest are defaults", () => {
  const { batching, ...others } = validateConfig("batching:\n  delay: 1.5s\n").config ?? DEFAULT_CONFIG;
  const { batching: defaults, ...otherDefaults } = DEFAULT_CONFIG;
  expect(Number(batching?.delay)).toBe(1_500);
  expect(batching?.max_size).toBe(defaults.max_size);
  expect(others).toEqual(otherDefaults);
});

test.each(["0660", '"0660"', "'660'", "0o660", "660", '"0o660"'])(
  "config: a file mode may be written %s",
  (mode) => {
    expect(validateConfig(one("server", "socket_mode", mode)).config?.server.socket_mode).toBe(0o660);
  },
);

test("config: a key that resembles no other has no proposal", () => {
  expect(warnings("foo: 1\nserver:\n  name: x\n")).toEqual([
    "F:1:1: foo: unknown key, ignored",
    "F:3:3: server.name: unknown key, ignored",
  ]);
});

test("config: a list may be closed at the margin, as the original's parser allows", () => {
  const text = "metrics:\n  batch_size_buckets: [\n    1,\n    5,\n  ]\n";
  expect(validateConfig(text).config?.metrics.batch_size_buckets).toEqual([1, 5]);
  expect(warnings(text)).toEqual([]);
});

test("config: x- keys are for anchors", () => {
  expect(validateConfig("x-common: &c {delay: 1s}\nbatching: *c\n")).toMatchObject({
    faults: [],
    warnings: [],
  });
});

test("config: of very many unknown keys the first are reported, and their number", () => {
  const text = Array.from({ length: 1_000 }, (_, at) => `k${at}: 1\n`).join("");
  expect(warnings(text).slice(99)).toEqual([
    "F:100:1: k99: unknown key, ignored",
    "F: 900 more unknown keys",
  ]);
});

test("config: an unknown key is a warning, with the nearest known one", () => {
  expect(warnings("batchin:\n  delay: 1ms\n")).toEqual([
    "F:1:1: batchin: unknown key, ignored; did you mean batching?",
  ]);
  expect(warnings("server:\n  socket_mode: 0600\n  proxysocket: /x\n")).toEqual([
    "F:3:3: server.proxysocket: unknown key, ignored; did you mean server.proxy_socket?",
  ]);
  expect(validateConfig("nonsense: 1\n").config).toEqual(DEFAULT_CONFIG);
});

test("config: names that every object has are unknown keys too", () => {
  expect(warnings("constructor: 1\nserver:\n  toString: 2\n").length).toBe(2);
});

test("config: a file that is not YAML is reported with its position", () => {
  expect(faults("server: [\n")[0]).toStartWith("F:2:1: not valid YAML: ");
  expect(faults("server:\n  socket_mode: 1\nserver:\n  socket_mode: 2\n")).toEqual([
    "F:3:1: not valid YAML: Map keys must be unique",
  ]);
});
