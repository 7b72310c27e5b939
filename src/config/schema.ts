/**
 * The configuration file: the one place from which its types, defaults, ranges, messages and documentation come. Names and defaults are those
 * of the Rust server.
 */
import { CHECK_DEFAULTS, CLOSE_MODES, HANDSHAKE_MODES, THRESHOLD_RULES } from "../model/check-defaults.ts";
import { clampedDuration, duration } from "../schema/durations.ts";
import { type SettingFacts, setting, settingFacts } from "../schema/field.ts";
import { sectionsReader } from "../schema/object.ts";
import { ABOUT_DAMPING, dampingOrOff, intervalOrOff, MAX_JITTER } from "../schema/pace-values.ts";
import { formatProblem } from "../schema/problem.ts";
import { decimal, flag, integer, oneOf } from "../schema/values.ts";
import {
  hostNames,
  httpUrl,
  listenAddress,
  nonBlankName,
  STATE_FILE_AUTO,
  socketPath,
  socketPathOrNone,
  stateFilePath,
} from "./address-values.ts";
import { buckets } from "./buckets.ts";
import { commandOrOff, webhookOrOff } from "./event-values.ts";
import { fileMode } from "./file-mode.ts";
import { logFormat, logLevel } from "./log-values.ts";
import { references } from "./references.ts";

const SECONDS = "seconds";
const RESPONSE_TIME_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const BATCH_DELAY_BUCKETS = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.5, 1];
/** Default endpoints of a collector, for gRPC and for HTTP. */
export const DEFAULT_ENDPOINT = "http://localhost:4317";
const DEFAULT_HTTP_ENDPOINT = "http://localhost:4318";
const BATCH_SIZE_BUCKETS = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000];

/** Sources of the healthchecks. */
const CONTROL_PLANES = ["proxy", "engine"] as const;
const server = {
  control: setting(oneOf(CONTROL_PLANES), "proxy", {
    about:
      "Source of the healthchecks and receiver of their states. `proxy`: a client connects to proxy_socket. `engine`: the server connects to the " +
      "Seesaw engine, in the place of Google's health checker. `--engine` and the name seesaw_healthcheck override it.",
    reload: false,
  }),
  engine_socket: setting(socketPath, "/var/run/seesaw/engine/engine.sock", {
    about: "The Unix socket of the Seesaw engine; used with `control: engine`. `--engine PATH` overrides it.",
    reload: false,
  }),
  proxy_socket: setting(socketPath, "/var/run/seesaw/healthcheck-proxy.sock", {
    about: "The Unix socket on which the client connects.",
    reload: false,
  }),
  socket_mode: setting(fileMode, "0660", {
    about:
      "File mode of the socket, always octal. It decides which users can connect. A mode with w for others " +
      "is rejected unless socket_mode_allow_others is set.",
    reload: false,
  }),
  socket_mode_allow_others: setting(flag, false, {
    about: "Allows a socket_mode with which every user of the host can connect and set the healthchecks.",
    reload: false,
  }),
  control_socket: setting(socketPathOrNone, "", {
    about:
      "Unix socket, of mode 0600, on which `force`, `pause`, `release` and `overrides` of the command line reach the server; none by default. " +
      "Only the server's user and root can connect.",
    reload: false,
  }),
  state_file: setting(stateFilePath, STATE_FILE_AUTO, {
    about:
      "File that keeps the states over a restart: afterward each state is provisional until a check agrees with it, and `rise` and `fall` count from " +
      "it. `auto`: healthcheck-server.state in the unit's RuntimeDirectory, of several the first; without one, as with `off`, every healthcheck starts as unknown.",
    reload: false,
  }),
  state_max_age: setting(duration("1s", "24h"), "1m", {
    about: "Time since the server was last alive, after which the states in state_file no longer count.",
    reload: false,
  }),
};

const batching = {
  delay: setting(duration("1ms", "10s"), "100ms", {
    about: "Maximum time that a notification waits for its batch.",
    reload: true,
  }),
  max_size: setting(integer(1, 10_000), 100, {
    about:
      "Number of notifications at which a batch is sent immediately. A report to the engine has at most that number.",
    reload: true,
  }),
};

const channels = {
  notification: setting(integer(10, 100_000), 1_000, {
    about:
      "Number of unsent states above which a slow client is counted and logged. " +
      "Nothing is dropped: the newest state of each healthcheck is kept.",
    reload: true,
  }),
  config_update: setting(integer(1, 1_000), 10, {
    about: "Number of queued client messages at which reading from the client pauses.",
    reload: true,
  }),
  proxy_message: setting(integer(1, 1_000), 10, {
    about: "Number of unsent responses at which reading from a slow client pauses.",
    reload: true,
  }),
};

const manager = {
  monitor_interval: setting(duration("10ms", "60s"), "500ms", {
    about:
      "Interval of maintenance, such as checking that the socket file exists. State changes never wait for it.",
    reload: true,
  }),
};

const checks = {
  thresholds: setting(oneOf(THRESHOLD_RULES), CHECK_DEFAULTS.thresholds, {
    about:
      "Derivation of `rise` and `fall` from `retries`: `seesaw` means rise 1 and fall retries + 1; `rust`, as in the Rust server, " +
      "max(retries + 1, 2) for both. `rise` and `fall` of a healthcheck override it.",
    reload: false,
  }),
  handshake: setting(oneOf(HANDSHAKE_MODES), CHECK_DEFAULTS.handshake, {
    about:
      "How far TCP checks go with the handshake. `half`: a check without data is SYN, SYN-ACK, RST, and the application of the backend never sees " +
      "a connection. `full`: each check opens a connection, for paths with a SYN proxy. `handshake` of a healthcheck overrides it.",
    reload: false,
  }),
  close: setting(oneOf(CLOSE_MODES), CHECK_DEFAULTS.close, {
    about:
      "How TCP checks close the connection: `reset` sends RST, which leaves no TIME_WAIT on this host; `graceful` sends FIN, for backends that log " +
      "resets. `close` of a healthcheck overrides it.",
    reload: false,
  }),
  fast_interval: setting(intervalOrOff, "off", {
    about:
      "Time from one check to the next while results speak against the state, but not enough of them to change it. A healthcheck with a shorter interval " +
      "keeps its interval. `fast_interval` of a healthcheck overrides it.",
    reload: false,
  }),
  down_interval: setting(intervalOrOff, "off", {
    about:
      "Interval of unhealthy backends. A healthcheck with a longer interval keeps its interval. `down_interval` of a healthcheck overrides it.",
    reload: false,
  }),
  jitter: setting(decimal(0, MAX_JITTER), CHECK_DEFAULTS.jitter, {
    about:
      "Random delay of each check on its grid, in percent of the interval. The mean rate stays. Checks at `fast_interval` have none. `jitter` of a healthcheck overrides it.",
    reload: false,
  }),
  damping: setting(dampingOrOff, "off", {
    about: `${ABOUT_DAMPING} \`damping\` of a healthcheck overrides it.`,
    reload: false,
  }),
};

const network = {
  hold: setting(duration("1s", "5m"), "10s", {
    about:
      "Longest time for which a fault of this host's own network is no verdict: checks without a route are inconclusive, and reports of a mass failure are " +
      "held.",
    reload: true,
  }),
  mass_failure_share: setting(decimal(0.01, 1), 0.5, {
    about:
      "Share of the healthy backends above which failures at layer 4 within one interval, five at least, are taken for a fault of this host's network. 1 holds " +
      "nothing.",
    reload: true,
  }),
  references: setting(references, [], {
    about:
      "Addresses that answer if the network works, a router or a nameserver for example: pinged, or connected to with a port, while it is in doubt. When one " +
      "answers, a mass failure is reported immediately. They should lie beyond the link, on the way to the backends.",
    reload: true,
  }),
};

const ENGINE_ONLY = {
  reload: true,
  withoutEffect: "has no effect with the proxy",
  effectiveWith: "engine",
} as const;
const PROXY_IGNORES = "Has no effect with the proxy: an invalid value is then ignored with a warning.";
const advanced = {
  notify_interval: setting(clampedDuration("1s", "1h"), "15s", {
    about: "Interval at which all known states are sent to the client or the engine again.",
    reload: true,
  }),
  max_failures: setting(integer(1, 1_000), 10, {
    about:
      "Accepted because Google's health checker exits after that number of failed reports. Has no effect: this server waits for the engine " +
      "indefinitely. An invalid value is ignored with a warning.",
    reload: false,
    withoutEffect: "has no effect",
  }),
  fetch_interval: setting(duration("1s", "1h"), "15s", {
    ...ENGINE_ONLY,
    about:
      "Time from the application of a set to the next fetch from the engine. It is 1s while the set is empty or the engine is away, and for a " +
      `minute after its return. ${PROXY_IGNORES}`,
  }),
  retry_delay: setting(duration("100ms", "60s"), "2s", {
    ...ENGINE_ONLY,
    about: `Time after which a failed report to the engine is repeated, with the newest state of each healthcheck. ${PROXY_IGNORES}`,
  }),
};

const logging = {
  level: setting(logLevel("info"), "info", {
    about: "Minimum log level, or directives as in RUST_LOG, such as healthcheck_server=debug,info.",
    reload: true,
  }),
  format: setting(logFormat("text"), "text", {
    about: "Format of log lines. An unknown format is replaced by text, with a warning.",
    reload: true,
  }),
};

const events = {
  exec: setting(commandOrOff, "off", {
    about:
      "Program that gets each state change as a line of JSON on its standard input: an absolute path with arguments, as a list, or a string that is split " +
      "at blanks. It runs as long as the server, as the user of the server, without a shell, and is started again when it ends. Its output is logged.",
    reload: true,
  }),
  webhook: setting(webhookOrOff, "off", {
    about:
      "Receiver of state changes: a map of `url`, to which they are POSTed in batches, and `secret` or `secret_file`, the key of the signature in " +
      "`X-Healthcheck-Signature`. Redirects are not followed.",
    reload: true,
  }),
  queue_size: setting(integer(1, 100_000), 10_000, {
    about:
      "Number of state changes that wait for each of them. When it is exceeded, the oldest are dropped and counted.",
    reload: true,
  }),
};

/** Choices for the series of each healthcheck. */
export const PER_HEALTHCHECK = ["full", "no_histogram", "off"] as const;
/** One of {@link PER_HEALTHCHECK}. */
export type PerHealthcheck = (typeof PER_HEALTHCHECK)[number];

const metrics = {
  enabled: setting(flag, false, { about: "Serves metrics, the status page and its API.", reload: false }),
  listen_addr: setting(listenAddress, "127.0.0.1:9090", {
    about: "Address of the HTTP listener. A host name is resolved at startup.",
    reload: false,
  }),
  allowed_hosts: setting(hostNames, [], {
    about:
      "Names accepted in the Host header, besides addresses and localhost. A listener on a loopback address accepts no other " +
      "name, which prevents DNS rebinding; on other addresses every name is accepted while the list is empty. Add the name of a reverse proxy that " +
      "forwards the Host header.",
    reload: false,
  }),
  per_healthcheck: setting(oneOf(PER_HEALTHCHECK), "full", {
    about:
      "Series of each healthcheck: all, all but the response time histogram (15 of 24), or none. " +
      "The status page does not depend on it.",
    reload: true,
  }),
  response_time_buckets: setting(buckets(SECONDS), RESPONSE_TIME_BUCKETS, {
    about: "Buckets of response times.",
    reload: false,
  }),
  batch_delay_buckets: setting(buckets(SECONDS), BATCH_DELAY_BUCKETS, {
    about: "Buckets of batch delays.",
    reload: false,
  }),
  batch_size_buckets: setting(buckets("a count"), BATCH_SIZE_BUCKETS, {
    about: "Buckets of batch sizes.",
    reload: false,
  }),
};

/** Choices for the checks that are traced. */
export const TRACES = ["all", "failures"] as const;

const UNLESS_SET = "If the file does not set it,";
const telemetry = {
  enabled: setting(flag, false, { about: "Exports traces (OTLP).", reload: false }),
  service_name: setting(nonBlankName, "healthcheck-server", {
    about: `The service.name of the traces. ${UNLESS_SET} OTEL_SERVICE_NAME applies.`,
    reload: false,
  }),
  otlp_endpoint: setting(httpUrl(DEFAULT_ENDPOINT), DEFAULT_ENDPOINT, {
    about:
      "URL of the collector; https means TLS. With use_http, the path /v1/traces is appended if it is missing, and the default is http://localhost:4318. " +
      `A user and password are sent as an Authorization header. ${UNLESS_SET} OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or ` +
      "OTEL_EXPORTER_OTLP_ENDPOINT applies.",
    reload: false,
  }),
  use_http: setting(flag, false, { about: "OTLP over HTTP, as JSON, instead of over gRPC.", reload: false }),
  sampling_rate: setting(decimal(0, 1), 1, {
    about: "Fraction of traces to export. The decision applies to all spans of a trace.",
    reload: true,
  }),
  trace: setting(oneOf(TRACES), "failures", {
    about:
      "Traced checks: all, or only those that fail, are inconclusive or change a state. " +
      "Batches are traced with the state changes in them; client messages are always traced.",
    reload: true,
  }),
  propagate: setting(flag, false, {
    about: "Sends a traceparent header with HTTP checks, so that the backend's spans join the check's trace.",
    reload: false,
  }),
};

/** Every section by its name. */
export const SECTIONS = {
  server,
  batching,
  channels,
  manager,
  checks,
  network,
  events,
  advanced,
  logging,
  metrics,
  telemetry,
};

/** Reads the sections of a file; any of them may be absent or empty. */
export const readSections = sectionsReader(SECTIONS);

/** The configuration in effect, defaults filled in. Durations are milliseconds. */
export type Config = Extract<ReturnType<typeof readSections>, { ok: true }>["value"];

/** Fills in a default that depends on another key: over HTTP, collectors listen elsewhere. @param named - the keys of the file, as `section.key` */
export function withDefaultEndpoint(config: Config, named: ReadonlySet<string>): Config {
  const { telemetry } = config;
  if (!telemetry.use_http || named.has("telemetry.otlp_endpoint")) return config;
  return { ...config, telemetry: { ...telemetry, otlp_endpoint: DEFAULT_HTTP_ENDPOINT } };
}

/** The configuration without a file. */
export const DEFAULT_CONFIG: Config = defaults();

function defaults(): Config {
  const read = readSections({});
  if (read.ok) return read.value;
  throw new Error(`default of ${read.problems.map(formatProblem).join("; ")}`);
}

/** One key of the file. */
export interface Leaf {
  readonly section: keyof typeof SECTIONS;
  readonly name: string;
  readonly about: SettingFacts;
}

/** Lists every key with its documentation. */
export function leaves(): Leaf[] {
  return Object.entries(SECTIONS).flatMap(([section, fields]) =>
    // The section is one of the keys of SECTIONS, whose type Object.entries widens.
    Object.entries(fields).map(([name, field]) => ({
      section: section as Leaf["section"],
      name,
      about: settingFacts(field),
    })),
  );
}

/** Formats a configuration as it is written in the file, without secrets. */
export function toFile(config: Config): Record<string, Record<string, unknown>> {
  const file: Record<string, Record<string, unknown>> = {};
  for (const { section, name, about } of leaves()) {
    const value: unknown = Reflect.get(config[section], name);
    file[section] = { ...file[section], [name]: about.format === undefined ? value : about.format(value) };
  }
  return file;
}
