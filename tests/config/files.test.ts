/** Finding and reading configuration files, and what changes between two. */
import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { changedKeys, loadConfigFile, reloaded, validateConfig } from "../../src/config/load.ts";
import { configPlaces, findConfigFile } from "../../src/config/places.ts";
import { type Config, DEFAULT_CONFIG, leaves, SECTIONS, toFile } from "../../src/config/schema.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";

function put(path: string, text = ""): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

function validated(text: string): Config {
  const { config } = validateConfig(text);
  if (config === undefined) throw new Error("refused");
  return config;
}

test("findConfigFile: the file named is taken, though it does not exist", async () => {
  await using dir = makeTempDir("find");
  const other = put(join(dir.path, "other.yaml"));
  expect(findConfigFile("/nonexistent.yaml", { HEALTHCHECK_CONFIG: other }, dir.path)).toBe(
    "/nonexistent.yaml",
  );
});

test("findConfigFile: then the environment's, when it exists, then the home's", async () => {
  await using dir = makeTempDir("find");
  const ofHome = put(join(dir.path, ".config/seesaw/healthcheck-server.yaml"));
  const ofEnvironment = put(join(dir.path, "env.yaml"));
  const find = (HEALTHCHECK_CONFIG?: string) =>
    findConfigFile(undefined, { HEALTHCHECK_CONFIG }, dir.path, false);
  expect(find(ofEnvironment)).toBe(ofEnvironment);
  expect(find("/nonexistent.yaml")).toBe(ofHome);
  expect(find("")).toBe(ofHome);
  expect(find()).toBe(ofHome);
});

test("findConfigFile: last the working directory's, and none at all", async () => {
  await using dir = makeTempDir("find");
  const before = process.cwd();
  process.chdir(dir.path);
  try {
    expect(findConfigFile(undefined, {}, dir.path, false)).toBeUndefined();
    put(join(dir.path, "healthcheck-server.yaml"));
    expect(findConfigFile(undefined, {}, dir.path, false)).toBe("./healthcheck-server.yaml");
  } finally {
    process.chdir(before);
  }
});

test("configPlaces: root gets no file from a home or the working directory", () => {
  expect(configPlaces({ HEALTHCHECK_CONFIG: "/env.yaml" }, "/root", true)).toEqual([
    "/env.yaml",
    "/etc/seesaw/healthcheck-server.yaml",
  ]);
});

test("configPlaces: a user without a home has no place there", () => {
  expect(configPlaces({}, undefined)).toEqual([
    "/etc/seesaw/healthcheck-server.yaml",
    "./healthcheck-server.yaml",
  ]);
});

test("loadConfigFile: a file is read and validated", async () => {
  await using dir = makeTempDir("load");
  const path = put(join(dir.path, "a.yaml"), "batching:\n  max_size: 7\n");
  const { config, faults, missing } = loadConfigFile(path);
  expect(config?.batching.max_size).toBe(7);
  expect([faults, missing]).toEqual([[], false]);
});

test("loadConfigFile: a file that does not exist is missing, one that cannot be read is a fault", async () => {
  await using dir = makeTempDir("load");
  const none = loadConfigFile(join(dir.path, "none.yaml"));
  expect([none.config, none.missing]).toEqual([undefined, true]);
  expect(none.faults[0]?.message).toMatch(/^cannot be read: .*no such file/);
  const directory = loadConfigFile(dir.path);
  expect([directory.config, directory.missing]).toEqual([undefined, false]);
  expect(directory.faults[0]?.message).toStartWith("cannot be read: ");
});

test("changedKeys: names what has changed, and whether it takes effect", () => {
  const after = validated(
    "batching:\n  delay: 7ms\nserver:\n  proxy_socket: /x\nmetrics:\n  batch_size_buckets: [1]\n",
  );
  expect(changedKeys(DEFAULT_CONFIG, after)).toEqual([
    { key: "server.proxy_socket", reload: false },
    { key: "batching.delay", reload: true },
    { key: "metrics.batch_size_buckets", reload: false },
  ]);
});

test("changedKeys: another spelling of the same value is no change", () => {
  const [one, other] = ["batching:\n  delay: 1500ms\n", "batching: {delay: 1.5s}\n"].map(validated);
  if (one === undefined || other === undefined) throw new Error("unreachable");
  expect(changedKeys(one, other)).toEqual([]);
});

test("reloaded: what can change at run time does, what needs a restart stays as it runs", () => {
  const running = validated("server:\n  proxy_socket: /a\n");
  const after = reloaded(running, validated("server:\n  proxy_socket: /b\nbatching:\n  max_size: 7\n"));
  expect([after.server.proxy_socket, after.batching.max_size]).toEqual(["/a", 7]);
  expect(changedKeys(running, after).map(({ key }) => key)).toEqual(["batching.max_size"]);
  expect(running.batching.max_size).toBe(DEFAULT_CONFIG.batching.max_size);
});

test("schema: every key has its default, its rule and a sentence about it", () => {
  const count = Object.values(SECTIONS).reduce((sum, fields) => sum + Object.keys(fields).length, 0);
  expect(leaves().length).toBe(count);
  for (const { name, about } of leaves()) {
    expect([name, about.about.length > 10, about.rule.length > 3, about.fallback === undefined]).toEqual([
      name,
      true,
      true,
      false,
    ]);
  }
});

test("schema: the defaults are those of the documentation", () => {
  expect(toFile(DEFAULT_CONFIG)).toEqual({
    server: {
      control: "proxy",
      engine_socket: "/var/run/seesaw/engine/engine.sock",
      proxy_socket: "/var/run/seesaw/healthcheck-proxy.sock",
      socket_mode: "0660",
      socket_mode_allow_others: false,
      control_socket: "",
      state_file: "auto",
      state_max_age: "1m",
    },
    batching: { delay: "100ms", max_size: 100 },
    channels: { notification: 1_000, config_update: 10, proxy_message: 10 },
    manager: { monitor_interval: "500ms" },
    checks: {
      thresholds: "seesaw",
      close: "reset",
      handshake: "half",
      fast_interval: "off",
      down_interval: "off",
      jitter: 0,
      damping: "off",
    },
    network: { hold: "10s", mass_failure_share: 0.5, references: [] },
    events: { exec: "off", webhook: "off", queue_size: 10_000 },
    advanced: { notify_interval: "15s", max_failures: 10, fetch_interval: "15s", retry_delay: "2s" },
    logging: { level: "info", format: "text" },
    metrics: {
      enabled: false,
      listen_addr: "127.0.0.1:9090",
      allowed_hosts: [],
      per_healthcheck: "full",
      response_time_buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      batch_delay_buckets: [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.5, 1],
      batch_size_buckets: [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000],
    },
    telemetry: {
      enabled: false,
      service_name: "healthcheck-server",
      otlp_endpoint: "http://localhost:4317",
      use_http: false,
      sampling_rate: 1,
      trace: "failures",
      propagate: false,
    },
  });
});

test("schema: a configuration written to a file is read as itself", () => {
  const config = validated(
    "batching:\n  delay: 1234ms\nserver:\n  socket_mode: 0600\nadvanced:\n  notify_interval: 1m30s\n",
  );
  expect(validated(JSON.stringify(toFile(config)))).toEqual(config);
});
