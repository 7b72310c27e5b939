/**
 * A real Prometheus with the rules and the job of examples/monitoring, and promtool. Called by the tests in
 * tests/monitoring.
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { peerPath } from "../base/peers.ts";
import { freePort } from "../base/ports.ts";
import { readToEnd, stopProcess } from "../base/process.ts";
import { makeTempDir } from "../base/tempdir.ts";
import { until } from "../base/wait.ts";
import { EXAMPLES, readYamlFile } from "./monitoring-files.ts";

/** Instead of the 15 s of the example: a test has no time for more. */
const SCRAPE_INTERVAL = "1s";
const START_TIMEOUT_MS = 20_000;

/** One series of an answer. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A target as Prometheus sees it. */
export interface Target {
  readonly labels: Readonly<Record<string, string>>;
  readonly health: "up" | "down" | "unknown";
  readonly lastError: string;
}

/** A rule as Prometheus sees it. */
export interface Rule {
  readonly name: string;
  readonly health: "ok" | "err" | "unknown";
  readonly lastError?: string;
  /** Firing and pending alerts, with their texts filled in; only of alerts. */
  readonly alerts?: readonly { readonly annotations: Readonly<Record<string, string>> }[];
}

/** A running Prometheus; disposing ends it and removes its data. */
export interface Prometheus extends AsyncDisposable {
  readonly port: number;
  /**
   * Evaluates an expression now.
   * @throws Error with Prometheus's own words when it does not understand it
   */
  query(expr: string): Promise<Series[]>;
  /** The labels of all series that match a selector. */
  series(selector: string): Promise<Readonly<Record<string, string>>[]>;
  targets(): Promise<readonly Target[]>;
  rules(): Promise<readonly Rule[]>;
  /** The labels of all exemplars of the series that an expression reads. */
  exemplars(expr: string): Promise<Readonly<Record<string, string>>[]>;
}

/**
 * Starts Prometheus and waits until it is ready.
 * @param target `127.0.0.1:PORT`, scraped every second in place of the targets of the example
 * @param port a port of one's own choice; a free one if absent
 * @throws Error with its log when it does not start
 */
export async function startPrometheus(target: string, port = freePort()): Promise<Prometheus> {
  const dir = makeTempDir("prometheus");
  const configFile = join(dir.path, "prometheus.yml");
  writeFileSync(configFile, configText(target));
  const child = Bun.spawn(
    [
      peerPath("prometheus"),
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(dir.path, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=warn",
      ...features(),
    ],
    { cwd: dir.path, stdin: "ignore", stdout: "ignore", stderr: "pipe" },
  );
  const log = new Response(child.stderr).text();
  const stop = async () => {
    await stopProcess(child);
    dir.remove();
  };
  const base = `http://127.0.0.1:${port}`;
  try {
    await until(() => child.exitCode !== null || isReady(base), START_TIMEOUT_MS, "Prometheus to be ready");
    if (child.exitCode !== null) throw new Error(`Prometheus did not start: ${await log}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, ...api(base), [Symbol.asyncDispose]: stop };
}

/** Features that the container of the example enables. */
function features(): readonly string[] {
  const { command = [] } = readYamlFile("docker-compose.yml").services["prometheus"] ?? {};
  return command.filter((word) => word.startsWith("--enable-feature="));
}

/** The example, but for its times and its targets. */
function configText(target: string): string {
  const example = readYamlFile("prometheus.yml");
  const [job] = example.scrape_configs;
  const config = {
    ...example,
    global: {
      scrape_interval: SCRAPE_INTERVAL,
      scrape_timeout: SCRAPE_INTERVAL,
      evaluation_interval: SCRAPE_INTERVAL,
    },
    rule_files: example.rule_files.map((file) => join(EXAMPLES, file)),
    scrape_configs: [{ ...job, static_configs: [{ targets: [target] }] }],
  };
  return stringify(config);
}

async function isReady(base: string): Promise<boolean> {
  try {
    return (await fetch(`${base}/-/ready`)).ok;
  } catch {
    return false;
  }
}

function api(base: string): Omit<Prometheus, "port" | typeof Symbol.asyncDispose> {
  const get = async <T>(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<T> => {
    const response = await fetch(`${base}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    // The shape of these answers is part of Prometheus's stable interface.
    const answer = (await response.json()) as { data: T; error?: string };
    if (!response.ok) throw new Error(`${JSON.stringify(parameters)}: ${answer.error}`);
    return answer.data;
  };
  return {
    async query(expr) {
      type Vector = { readonly metric: Record<string, string>; readonly value: readonly [number, string] }[];
      type Answer =
        | { resultType: "vector"; result: Vector }
        | { resultType: "scalar"; result: [number, string] };
      const answer = await get<Answer>("query", { query: expr });
      if (answer.resultType === "scalar") return [{ labels: {}, value: Number(answer.result[1]) }];
      return answer.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
    series: (selector) => get("series", { "match[]": selector }),
    async targets() {
      return (await get<{ activeTargets: Target[] }>("targets")).activeTargets;
    },
    async exemplars(expr) {
      const [start, end] = ["0", String(Math.ceil(Date.now() / 1_000))];
      type Answer = { readonly exemplars: readonly { readonly labels: Record<string, string> }[] }[];
      const answer = await get<Answer>("query_exemplars", { query: expr, start, end });
      return answer.flatMap((series) => series.exemplars.map(({ labels }) => labels));
    },
    async rules() {
      return (await get<{ groups: { rules: Rule[] }[] }>("rules")).groups.flatMap(({ rules }) => rules);
    },
  };
}

/** Output and exit status of promtool. */
export interface PromtoolOutcome {
  readonly status: number;
  /** stdout and stderr. */
  readonly output: string;
}

/**
 * Runs promtool to its end, in examples/monitoring.
 * @param input its standard input
 */
export async function promtool(args: readonly string[], input = ""): Promise<PromtoolOutcome> {
  const child = Bun.spawn([peerPath("promtool"), ...args], {
    cwd: EXAMPLES,
    stdin: Buffer.from(input),
    stdout: "pipe",
    stderr: "pipe",
  });
  const { out, err, status } = await readToEnd(child);
  return { status, output: out + err };
}
