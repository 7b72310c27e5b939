/**
 * The configuration file, whole: the one place from which its type, defaults, ranges, messages and documentation come.
 * Names and defaults are those of the original server.
 */
import * as v from "valibot";
import { CHECK_DEFAULTS, CLOSE_MODES, THRESHOLD_RULES } from "../model/check-defaults.ts";
import { show } from "../model/format-value.ts";
import { MAX_UNIX_PATH } from "../system/sockaddr.ts";
import {
  buckets,
  choice,
  decimal,
  duration,
  type FieldFacts,
  fileMode,
  flag,
  hostNames,
  httpUrl,
  integer,
  logFormat,
  logLevel,
  printable,
  type TextForm,
  text,
} from "./fields.ts";
import { LISTEN_ADDRESS, parseListenAddress } from "./listen-address.ts";

const SECONDS = "seconds";
const RESPONSE_TIME_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const BATCH_DELAY_BUCKETS = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.5, 1];
/** Where a collector listens for gRPC, and for HTTP, by default. */
export const DEFAULT_ENDPOINT = "http://localhost:4317";
const DEFAULT_HTTP_ENDPOINT = "http://localhost:4318";
const BATCH_SIZE_BUCKETS = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000];

const SOCKET_PATH: TextForm = {
  pattern: /^\.?\/[^\0]*[^\0/]$/,
  holds: (path) => Buffer.byteLength(path) <= MAX_UNIX_PATH,
  // The original takes a relative path as the system does.
  amend: (path) =>
    /^(?!\.?\/)[^\0]*[^\0/]$/.test(path)
      ? {
          value: `./${path}`,
          warnings: [`${show(path)} is relative to the working directory; write ./ before it`],
        }
      : undefined,
};

const server = v.object({
  proxy_socket: text(
    "/var/run/seesaw/healthcheck-proxy.sock",
    `the path of a Unix socket, absolute or starting with ./, of at most ${MAX_UNIX_PATH} bytes`,
    SOCKET_PATH,
    { about: "The Unix socket on which the client connects.", reload: false },
  ),
  socket_mode: fileMode("0660", {
    about:
      "File mode of the socket, always octal. It decides which users can connect. A mode with w for others " +
      "is rejected unless socket_mode_allow_others is set.",
    reload: false,
  }),
  socket_mode_allow_others: flag(false, {
    about: "Allows a socket_mode with which every user of the host can connect and set the healthchecks.",
    reload: false,
  }),
});

const batching = v.object({
  delay: duration("100ms", "1ms", "10s", {
    about: "Longest time that a notification waits for its batch.",
    reload: true,
  }),
  max_size: integer(100, 1, 10_000, {
    about: "Number of notifications at which a batch is sent immediately.",
    reload: true,
  }),
});

const channels = v.object({
  notification: integer(1_000, 10, 100_000, {
    about:
      "Number of unsent states above which a slow client is counted and logged. " +
      "Nothing is dropped: the newest state of each healthcheck is kept.",
    reload: true,
  }),
  config_update: integer(10, 1, 1_000, {
    about: "Number of queued client messages at which reading from the client pauses.",
    reload: true,
  }),
  proxy_message: integer(10, 1, 1_000, {
    about: "Number of unsent responses at which reading from a slow client pauses.",
    reload: true,
  }),
});

const manager = v.object({
  monitor_interval: duration("500ms", "10ms", "60s", {
    about:
      "Interval of maintenance, such as checking that the socket file exists. State changes never wait for it.",
    reload: true,
  }),
});

const checks = v.object({
  thresholds: choice(THRESHOLD_RULES, CHECK_DEFAULTS.thresholds, {
    about:
      "How `rise` and `fall` follow from `retries`: `seesaw` is rise 1, fall retries + 1; `rust` is the Rust server's, " +
      "both max(retries + 1, 2). A healthcheck's own `rise` and `fall` win.",
    reload: false,
  }),
  close: choice(CLOSE_MODES, CHECK_DEFAULTS.close, {
    about:
      "How TCP checks close the connection: `reset` by RST, which leaves no TIME_WAIT on this host, `graceful` by FIN, for backends that log " +
      "resets. A healthcheck's own `close` wins.",
    reload: false,
  }),
});

const POLLING_ONLY = {
  about:
    "For a control plane that polls. Has no effect with the proxy: an invalid value is ignored with a warning.",
  reload: false,
  withoutEffect: "has no effect with the proxy",
};
const advanced = v.object({
  notify_interval: duration("15s", "1s", "1h", {
    about: "Interval at which all known states are sent to the client again.",
    reload: true,
    isClamped: true,
  }),
  max_failures: integer(10, 1, 1_000, POLLING_ONLY),
  fetch_interval: duration("15s", "1s", "1h", POLLING_ONLY),
  retry_delay: duration("2s", "100ms", "60s", POLLING_ONLY),
});

const logging = v.object({
  level: logLevel("info", {
    about: "Minimum log level, or directives as in RUST_LOG, such as healthcheck_server=debug,info.",
    reload: true,
  }),
  format: logFormat("text", {
    about: "Format of log lines. An unknown format is replaced by text, with a warning.",
    reload: true,
  }),
});

/** Which series each healthcheck has. */
export const PER_HEALTHCHECK = ["full", "no_histogram", "off"] as const;
/** One of {@link PER_HEALTHCHECK}. */
export type PerHealthcheck = (typeof PER_HEALTHCHECK)[number];

const metrics = v.object({
  enabled: flag(false, { about: "Serves metrics, the status page and its API.", reload: false }),
  listen_addr: text(
    "127.0.0.1:9090",
    'an address or a host name and a port, such as "127.0.0.1:9090", "[::1]:9090" or "localhost:9090", or ":9090" for every address',
    { pattern: LISTEN_ADDRESS, holds: (value) => parseListenAddress(value) !== undefined },
    { about: "Address of the HTTP listener. A host name is resolved at startup.", reload: false },
  ),
  allowed_hosts: hostNames({
    about:
      "Names accepted in the Host header, besides addresses and localhost. On a loopback address no other " +
      "name is accepted, against DNS rebinding; elsewhere every name is, unless this list has some. The name of a reverse proxy that " +
      "forwards the Host header belongs here.",
    reload: false,
  }),
  per_healthcheck: choice(PER_HEALTHCHECK, "full", {
    about:
      "Series of each healthcheck: all, all but the response time histogram (15 of 24), or none. " +
      "The status page does not depend on it.",
    reload: true,
  }),
  response_time_buckets: buckets(RESPONSE_TIME_BUCKETS, SECONDS, {
    about: "Buckets of response times.",
    reload: false,
  }),
  batch_delay_buckets: buckets(BATCH_DELAY_BUCKETS, SECONDS, {
    about: "Buckets of batch delays.",
    reload: false,
  }),
  batch_size_buckets: buckets(BATCH_SIZE_BUCKETS, "a count", {
    about: "Buckets of batch sizes.",
    reload: false,
  }),
});

/** Which checks are traced. */
export const TRACES = ["all", "failures"] as const;

const OWN_WORDS = "If the file does not set it,";
const telemetry = v.object({
  enabled: flag(false, { about: "Exports traces (OTLP).", reload: false }),
  service_name: text(
    "healthcheck-server",
    "a name",
    { pattern: /\S/, isFree: true },
    {
      about: `The service.name of the traces. ${OWN_WORDS} OTEL_SERVICE_NAME applies.`,
      reload: false,
    },
  ),
  otlp_endpoint: httpUrl(DEFAULT_ENDPOINT, 'an http or https URL, such as "http://localhost:4317"', {
    about:
      "The collector. https is TLS. With use_http, /v1/traces is added unless it is there, and the default is http://localhost:4318. " +
      `A user and password become an Authorization header. ${OWN_WORDS} OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or ` +
      "OTEL_EXPORTER_OTLP_ENDPOINT applies.",
    reload: false,
  }),
  use_http: flag(false, { about: "OTLP over HTTP, as JSON, instead of over gRPC.", reload: false }),
  sampling_rate: decimal(1, 0, 1, {
    about: "Share of traces that is kept. The decision applies to all spans of a trace.",
    reload: true,
  }),
  trace: choice(TRACES, "failures", {
    about:
      "Traced checks: all, or only those that fail, are inconclusive or change a state. " +
      "Batches are traced with the state changes in them; client messages are always traced.",
    reload: true,
  }),
  propagate: flag(false, {
    about: "Sends a traceparent header with HTTP checks, so that the backend's spans join the check's trace.",
    reload: false,
  }),
});

/** Every section by its name. */
export const SECTIONS = {
  server,
  batching,
  channels,
  manager,
  checks,
  advanced,
  logging,
  metrics,
  telemetry,
};

/** The file: any section may be missing or empty. */
export const ConfigSchema = v.object({
  server: v.nullish(server, {}),
  batching: v.nullish(batching, {}),
  channels: v.nullish(channels, {}),
  manager: v.nullish(manager, {}),
  checks: v.nullish(checks, {}),
  advanced: v.nullish(advanced, {}),
  logging: v.nullish(logging, {}),
  metrics: v.nullish(metrics, {}),
  telemetry: v.nullish(telemetry, {}),
});

/** The configuration in effect, defaults filled in. Durations are milliseconds. */
export type Config = v.InferOutput<typeof ConfigSchema>;

/** Fills in a default that depends on another key: over HTTP, collectors listen elsewhere. @param named - what the file says, as `section.key` */
export function withDefaultEndpoint(config: Config, named: ReadonlySet<string>): Config {
  const { telemetry } = config;
  if (!telemetry.use_http || named.has("telemetry.otlp_endpoint")) return config;
  return { ...config, telemetry: { ...telemetry, otlp_endpoint: DEFAULT_HTTP_ENDPOINT } };
}

/** What holds where no file says otherwise. */
export const DEFAULT_CONFIG: Config = v.parse(ConfigSchema, {});

/** One key of the file. */
export interface Leaf {
  readonly section: keyof typeof SECTIONS;
  readonly name: string;
  readonly about: FieldFacts;
}

/** Every key, with what its schema knows about it. */
export function leaves(): Leaf[] {
  return Object.entries(SECTIONS).flatMap(([section, { entries }]) =>
    Object.entries(entries).map(([name, schema]) => {
      // Every field of fields.ts attaches its facts; the section is one of its own keys.
      const about = v.getMetadata(schema) as unknown as FieldFacts;
      return { section: section as Leaf["section"], name, about };
    }),
  );
}

/** A configuration as one would write it in the file. */
export function toFile(config: Config): Record<string, Record<string, unknown>> {
  const file: Record<string, Record<string, unknown>> = {};
  for (const { section, name, about } of leaves()) {
    const value = printable(about.kind, Reflect.get(config[section], name));
    file[section] = { ...file[section], [name]: value };
  }
  return file;
}
