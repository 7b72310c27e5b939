/** The configuration file judged: one bad value a rule, with place and exact words. */
import { expect, test } from "bun:test";
import { formatFault } from "../../src/config/fault.ts";
import { judgeConfig } from "../../src/config/load.ts";
import { DEFAULT_CONFIG } from "../../src/config/schema.ts";

const faults = (text: string) => judgeConfig(text).faults.map((fault) => formatFault("F", fault));
const warnings = (text: string) => judgeConfig(text).warnings.map((fault) => formatFault("F", fault));
/** One key of one section, on line 2. */
const one = (section: string, key: string, value: string) => `${section}:\n  ${key}: ${value}\n`;

const duration = (range: string) => `give a duration such as "500ms", "5s" or "1m30s", from ${range}`;
const SOCKET = "give the path of a Unix socket, absolute or starting with ./, of at most 107 bytes";
const MODE = "give a file mode of three octal digits, such as 0660";
const LISTEN = 'give an IP address and a port, such as "127.0.0.1:9090" or "[::1]:9090"';
const buckets = (unit: string) => `give a list of 1 to 50 ascending positive numbers (${unit})`;

test.each([
  ["server", "proxy_socket", "relative.sock", `"relative.sock" is not allowed: ${SOCKET}`],
  ["server", "proxy_socket", "/run/seesaw/", `"/run/seesaw/" is not allowed: ${SOCKET}`],
  ["server", "proxy_socket", `/${"a".repeat(107)}`, `"/${"a".repeat(58)}… is not allowed: ${SOCKET}`],
  ["server", "proxy_socket", "7", `7 is not allowed: ${SOCKET}`],
  ["server", "socket_mode", "0888", `"0888" is not allowed: ${MODE}`],
  ["server", "socket_mode", "rw-rw----", `"rw-rw----" is not allowed: ${MODE}`],
  ["server", "socket_mode", "01660", `"01660" is not allowed: ${MODE}`],
  ["server", "socket_mode", "true", `true is not allowed: ${MODE}`],
  ["batching", "delay", "soon", `"soon" is not allowed: ${duration("1ms to 10s")}`],
  ["batching", "delay", "100", `100 is not allowed: ${duration("1ms to 10s")}`],
  ["batching", "delay", "0.9ms", `"0.9ms" is not allowed: ${duration("1ms to 10s")}`],
  ["batching", "delay", "10001ms", `"10001ms" is not allowed: ${duration("1ms to 10s")}`],
  ["batching", "max_size", "0", "0 is not allowed: give a whole number from 1 to 10000"],
  ["batching", "max_size", "10001", "10001 is not allowed: give a whole number from 1 to 10000"],
  ["batching", "max_size", "1.5", "1.5 is not allowed: give a whole number from 1 to 10000"],
  ["batching", "max_size", '"10"', '"10" is not allowed: give a whole number from 1 to 10000'],
  ["channels", "notification", "9", "9 is not allowed: give a whole number from 10 to 100000"],
  ["channels", "config_update", "1001", "1001 is not allowed: give a whole number from 1 to 1000"],
  ["channels", "proxy_message", "-1", "-1 is not allowed: give a whole number from 1 to 1000"],
  ["manager", "monitor_interval", "5ms", `"5ms" is not allowed: ${duration("10ms to 60s")}`],
  ["advanced", "notify_interval", "500ms", `"500ms" is not allowed: ${duration("1s to 1h")}`],
  ["advanced", "max_failures", "0", "0 is not allowed: give a whole number from 1 to 1000"],
  ["advanced", "fetch_interval", "2h", `"2h" is not allowed: ${duration("1s to 1h")}`],
  ["advanced", "retry_delay", "50ms", `"50ms" is not allowed: ${duration("100ms to 60s")}`],
  ["logging", "level", "loud", '"loud" is not allowed: give one of error, warn, info, debug, trace'],
  ["logging", "format", "xml", '"xml" is not allowed: give one of text, json'],
  ["metrics", "enabled", "yes", '"yes" is not allowed: give true or false'],
  ["metrics", "listen_addr", "localhost:9090", `"localhost:9090" is not allowed: ${LISTEN}`],
  ["metrics", "response_time_buckets", "[2, 1]", `[2,1] is not allowed: ${buckets("seconds")}`],
  ["metrics", "batch_delay_buckets", "[]", `[] is not allowed: ${buckets("seconds")}`],
  ["metrics", "batch_size_buckets", "5", `5 is not allowed: ${buckets("a count")}`],
  ["telemetry", "enabled", "1", "1 is not allowed: give true or false"],
  ["telemetry", "service_name", '" "', '" " is not allowed: give a name'],
  [
    "telemetry",
    "otlp_endpoint",
    "collector",
    '"collector" is not allowed: give an http or https URL, such as "http://localhost:4317"',
  ],
  ["telemetry", "use_http", "grpc", '"grpc" is not allowed: give true or false'],
  ["telemetry", "sampling_rate", "1.1", "1.1 is not allowed: give a number from 0 to 1"],
])("config: refuses %s.%s: %s", (section, key, value, words) => {
  const judged = judgeConfig(one(section, key, value));
  expect(judged.config).toBeUndefined();
  expect(faults(one(section, key, value))).toEqual([`F:2:${key.length + 5}: ${section}.${key}: ${words}`]);
});

test("config: an element of a list is named by its place", () => {
  expect(faults("metrics:\n  response_time_buckets:\n    - 1\n    - much\n")).toEqual([
    `F:4:7: metrics.response_time_buckets.1: "much" is not allowed: ${buckets("seconds")}`,
  ]);
});

test("config: every fault is told at once, in the order of the file", () => {
  const text = "telemetry:\n  sampling_rate: 9\nserver: 5\nbatching:\n  max_size: 0\n  delay: soon\n";
  expect(faults(text).map((fault) => fault.split(": ").slice(0, 2).join(": "))).toEqual([
    "F:2:18: telemetry.sampling_rate",
    "F:3:9: server",
    "F:5:13: batching.max_size",
    "F:6:10: batching.delay",
  ]);
});

test("config: a section must hold keys", () => {
  const words = "is not allowed: give the keys of this section, or nothing";
  expect(faults("server: 5\n")).toEqual([`F:1:9: server: a number (not shown) ${words}`]);
  expect(faults("batching:\n  - delay\n")).toEqual([`F:2:3: batching: a list (not shown) ${words}`]);
});

test("config: the file must hold sections", () => {
  const words =
    "is not allowed: give sections (server, batching, channels, manager, checks, advanced, logging, metrics, telemetry)";
  expect(faults("hello\n")).toEqual([`F:1:1: a text (not shown) ${words}`]);
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
  expect(judgeConfig(text)).toEqual({ config: DEFAULT_CONFIG, faults: [], warnings: [] });
});

test("config: what is said holds, the rest are defaults", () => {
  const { batching, ...others } = judgeConfig("batching:\n  delay: 1.5s\n").config ?? DEFAULT_CONFIG;
  const { batching: defaults, ...otherDefaults } = DEFAULT_CONFIG;
  expect(Number(batching?.delay)).toBe(1_500);
  expect(batching?.max_size).toBe(defaults.max_size);
  expect(others).toEqual(otherDefaults);
});

test.each(["0660", '"0660"', "'660'", "0o660", "660", '"0o660"'])(
  "config: a file mode may be written %s",
  (mode) => {
    expect(judgeConfig(one("server", "socket_mode", mode)).config?.server.socket_mode).toBe(0o660);
  },
);

test("config: an unknown key is a warning, with the nearest known one", () => {
  expect(warnings("batchin:\n  delay: 1ms\n")).toEqual([
    "F:1:1: batchin: unknown key, ignored; did you mean batching?",
  ]);
  expect(warnings("server:\n  socket_mode: 0600\n  proxysocket: /x\n")).toEqual([
    "F:3:3: server.proxysocket: unknown key, ignored; did you mean server.proxy_socket?",
  ]);
  expect(judgeConfig("nonsense: 1\n").config).toEqual(DEFAULT_CONFIG);
});

test("config: names that every object has are unknown keys too", () => {
  expect(warnings("constructor: 1\nserver:\n  toString: 2\n").length).toBe(2);
});

test("config: a file that is no YAML is told with its place", () => {
  expect(faults("server: [\n")[0]).toStartWith("F:2:1: not valid YAML: ");
  expect(faults("server:\n  socket_mode: 1\nserver:\n  socket_mode: 2\n")).toEqual([
    "F:3:1: not valid YAML: Map keys must be unique",
  ]);
});
