/**
 * Destination and resource attributes of traces: the configuration and the OTEL_* variables together, pure. A setting
 * of the file overrides its variable; settings that the file does not have come from the environment.
 */
import { hostname } from "node:os";
import type { Config } from "../config/schema.ts";
import { shownUrl } from "../redaction/urls.ts";

/** The process's environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Connection settings of the collector. */
export interface ExporterSettings {
  readonly protocol: "http" | "grpc";
  /** Without user, password, query and fragment; over HTTP with its path. */
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Time for one delivery, retries included. */
  readonly timeoutMs: number;
  readonly compress: boolean;
  /** PEM files; the authorities' takes the place of the host's. */
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  /** User agent sent to the collector. */
  readonly userAgent: string;
}

/** Everything that does not change while the process runs. */
export interface TelemetrySettings {
  readonly exporter: ExporterSettings;
  /** The endpoint as it may be logged. */
  readonly shownEndpoint: string;
  /** Attributes of the resource, `service.name` among them. */
  readonly resource: Readonly<Record<string, string>>;
  /** Variables that are invalid or have no effect. */
  readonly warnings: readonly Warning[];
}

/** A variable, and what is the matter with it. */
export interface Warning {
  readonly variable: string;
  readonly message: string;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const TRACES_PATH = "/v1/traces";

/**
 * Variables that other programs obey; here a key of the file has the same function, and there is only one place to set
 * it.
 */
const NO_EFFECT: Readonly<Record<string, string>> = {
  OTEL_SDK_DISABLED: "telemetry.enabled decides",
  OTEL_TRACES_EXPORTER: "telemetry.enabled decides",
  OTEL_TRACES_SAMPLER: "telemetry.sampling_rate decides",
  OTEL_TRACES_SAMPLER_ARG: "telemetry.sampling_rate decides",
  OTEL_EXPORTER_OTLP_PROTOCOL: "telemetry.use_http decides",
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "telemetry.use_http decides",
  OTEL_EXPORTER_OTLP_INSECURE: "http or https in the endpoint decides",
  OTEL_EXPORTER_OTLP_TRACES_INSECURE: "http or https in the endpoint decides",
  OTEL_BSP_SCHEDULE_DELAY: "the buffer has fixed bounds",
  OTEL_BSP_EXPORT_TIMEOUT: "the buffer has fixed bounds",
  OTEL_BSP_MAX_QUEUE_SIZE: "the buffer has fixed bounds",
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "the buffer has fixed bounds",
};

/**
 * Puts them together.
 *
 * @param isNamed - whether the file itself names a key of the section
 */
export function telemetrySettings(
  config: Config["telemetry"],
  isNamed: (key: string) => boolean,
  env: Environment,
  version: string,
): TelemetrySettings {
  const warnings: Warning[] = [];
  for (const [variable, message] of Object.entries(NO_EFFECT)) {
    if ((env[variable] ?? "") !== "") warnings.push({ variable, message: `has no effect: ${message}` });
  }
  const warn = (variable: string, message: string) => warnings.push({ variable, message });
  const endpoint = endpointOf(config, isNamed("otlp_endpoint"), env, warn);
  const serviceName = isNamed("service_name") ? config.service_name : env["OTEL_SERVICE_NAME"];
  const attributes = pairs(env["OTEL_RESOURCE_ATTRIBUTES"], "OTEL_RESOURCE_ATTRIBUTES", warn);
  const name = text(serviceName) ?? attributes["service.name"] ?? config.service_name;
  return {
    exporter: exporterOf(config.use_http, endpoint, env, `healthcheck-server/${version}`, warn),
    shownEndpoint: shownUrl(endpoint.url.href),
    resource: { "service.version": version, "host.name": hostname(), ...attributes, "service.name": name },
    warnings,
  };
}

type Warn = (variable: string, message: string) => void;

/** A URL, and whether it is whole: for the traces alone, with nothing to be added to its path. */
interface Endpoint {
  readonly url: URL;
  readonly whole: boolean;
}

function endpointOf(config: Config["telemetry"], named: boolean, env: Environment, warn: Warn): Endpoint {
  for (const [variable, whole] of [
    ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", true],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", false],
  ] as const) {
    const value = text(env[variable]);
    if (named || value === undefined) continue;
    // gRPC endpoints are often given without a scheme.
    const url = URL.parse(value.includes("://") ? value : `http://${value}`);
    if (url?.protocol === "http:" || url?.protocol === "https:") return { url, whole };
    warn(variable, "is not an http or https URL and is ignored");
  }
  return { url: new URL(config.otlp_endpoint), whole: false };
}

function exporterOf(
  useHttp: boolean,
  endpoint: Endpoint,
  env: Environment,
  userAgent: string,
  warn: Warn,
): ExporterSettings {
  const { url } = endpoint;
  const headers = headersOf(url, env, warn);
  const of = (name: string) =>
    text(env[`OTEL_EXPORTER_OTLP_TRACES_${name}`]) ?? text(env[`OTEL_EXPORTER_OTLP_${name}`]);
  return {
    protocol: useHttp ? "http" : "grpc",
    url: bareUrl(endpoint, useHttp),
    headers,
    timeoutMs: timeoutOf(of("TIMEOUT"), warn),
    compress: of("COMPRESSION") === "gzip",
    caFile: of("CERTIFICATE") ?? text(env["SSL_CERT_FILE"]),
    certFile: of("CLIENT_CERTIFICATE"),
    keyFile: of("CLIENT_KEY"),
    userAgent,
  };
}

function headersOf(url: URL, env: Environment, warn: Warn): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const variable of ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"]) {
    for (const [name, value] of Object.entries(pairs(env[variable], variable, warn))) {
      if (isHeader(name, value)) headers[name.toLowerCase()] = value;
      else warn(variable, "contains an invalid header, which is ignored");
    }
  }
  const login = authorization(url);
  if (login !== undefined) headers["authorization"] = login;
  return headers;
}

/** RFC 7617; user and password are percent-encoded in the URL. */
function authorization({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString("base64")}`;
}

function bareUrl({ url, whole }: Endpoint, useHttp: boolean): URL {
  const bare = new URL(url);
  bare.username = "";
  bare.password = "";
  bare.hash = "";
  const path = bare.pathname.replace(/\/+$/, "");
  if (useHttp && !whole) bare.pathname = path.endsWith(TRACES_PATH) ? path : path + TRACES_PATH;
  return bare;
}

function timeoutOf(value: string | undefined, warn: Warn): number {
  if (value === undefined) return DEFAULT_TIMEOUT_MS;
  const ms = Number(value);
  if (Number.isFinite(ms) && ms > 0) return ms;
  warn("OTEL_EXPORTER_OTLP_TIMEOUT", "is not a number of milliseconds and is ignored");
  return DEFAULT_TIMEOUT_MS;
}

/** `a=b,c=d`, values percent-encoded: the form of the variables (the baggage of W3C without its properties). */
function pairs(list: string | undefined, variable: string, warn: Warn): Record<string, string> {
  const found: Record<string, string> = {};
  for (const pair of (list ?? "").split(",")) {
    if (pair.trim() === "") continue;
    const equals = pair.indexOf("=");
    const name = decoded(pair.slice(0, Math.max(0, equals)).trim());
    // Not shown: it may be a secret.
    if (name === "") warn(variable, "contains an entry that is not name=value, which is ignored");
    else found[name] = decoded(pair.slice(equals + 1).trim());
  }
  return found;
}

function isHeader(name: string, value: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** An empty variable counts as unset. */
function text(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === "" ? undefined : value.trim();
}
