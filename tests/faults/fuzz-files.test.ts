/**
 * Configuration and checks files, mangled: validated, with a position for each error, and never an exception of another
 * kind. Run by `bun test` and scripts/soak.
 */

import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Diagnostic } from "../../src/config/diagnostic.ts";
import { validateConfig } from "../../src/config/load.ts";
import { readYaml } from "../../src/config/yaml.ts";
import { ChecksFileError, validateChecks } from "../../src/control/checks-file.ts";
import { FUZZ_TEST_MS, fuzz, mutated } from "../harness/base/fuzz.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";

setDefaultTimeout(FUZZ_TEST_MS);

const EXAMPLE = join(import.meta.dir, "..", "..", "examples", "checks-standalone.yaml");
const WORDS = [
  ..."\n,\t,- ,: ,? ,# ,&a ,*a,<<: *a\n,!!binary ,!!set ,|\n,>-\n,---\n,...\n,%YAML 9.9\n,~".split(","),
  ..."[,],{,},\",',\0,\xff,\ufeff,.inf,.nan,0x7f,0o17,1e999,-1,18446744073709551616,__proto__: ,null,true".split(
    ",",
  ),
  "\n  - &a [*a, *a]\n",
  "[".repeat(2_000),
  "{a: ".repeat(500),
  "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n",
];
const CONFIGURATION = `# Every section.
server: { proxy_socket: /run/seesaw/proxy.sock, socket_mode: 0660 }
batching:
  delay: 100ms
  max_size: 100
channels: { notification: 1000, config_update: 10, proxy_message: 10 }
manager:
  monitor_interval: 500ms
advanced: { notify_interval: 15s, max_failures: 10, fetch_interval: 15s, retry_delay: 2s }
logging:
  level: "info"
  format: text
metrics:
  enabled: true
  listen_addr: 127.0.0.1:9090
  response_time_buckets: [0.001, 0.01, 0.1, 1]
telemetry: { enabled: false, service_name: 'x', otlp_endpoint: "http://localhost:4317", sampling_rate: 1.0 }
`;

test("fuzz: files: a mangled configuration is validated, each error with its position", () => {
  fuzz("configuration", mutated([Buffer.from(CONFIGURATION)], WORDS), (bytes) => {
    const text = Buffer.from(bytes).toString("utf8");
    const { config, faults, warnings } = validateConfig(text);
    expect(config === undefined).toBe(faults.length > 0);
    for (const fault of [...faults, ...warnings]) expectPlace(fault, text);
  });
});

test("fuzz: files: a mangled checks file gives healthchecks and faults, or a ChecksFileError", async () => {
  await using dir = makeTempDir("fuzz");
  const path = join(dir.path, "checks.yaml");
  fuzz("checks", mutated([readFileSync(EXAMPLE)], WORDS), (bytes) => {
    const text = Buffer.from(bytes).toString("utf8");
    try {
      const { set, faults } = validateChecks(path, readYaml(text, "checks"));
      for (const { intervalMs } of set.specs) expect(intervalMs).toBeGreaterThan(0);
      for (const fault of faults) expectPlace(fault, Buffer.from(bytes).toString("utf8"));
    } catch (error) {
      if (!(error instanceof ChecksFileError)) throw error;
      expect(error.message).toStartWith(path);
    }
  });
});

function expectPlace({ line, column, message }: Diagnostic, text: string): void {
  expect(message.length).toBeGreaterThan(0);
  if (line === undefined) return;
  expect(line).toBeGreaterThanOrEqual(1);
  expect(line).toBeLessThanOrEqual(text.split("\n").length);
  expect(column).toBeGreaterThanOrEqual(1);
}
