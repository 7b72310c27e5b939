/** Destination of traces: the file, the environment and the defaults. */
import { expect, test } from "bun:test";
import { validateConfig } from "../../src/config/load.ts";
import { DEFAULT_CONFIG } from "../../src/config/schema.ts";
import { type Environment, telemetrySettings } from "../../src/telemetry/settings.ts";

/** @param section - of the file, in YAML's flow style */
function settings(section: string, env: Environment = {}) {
  const { config = DEFAULT_CONFIG, named } = validateConfig(`telemetry: { enabled: true ${section} }`);
  return telemetrySettings(config.telemetry, (key) => named.has(`telemetry.${key}`), env, "1.2.3");
}

test.each([
  ["", "http://localhost:4317/"],
  [", use_http: true", "http://localhost:4318/v1/traces"],
  [', otlp_endpoint: "http://c:4317"', "http://c:4317/"],
  [', use_http: true, otlp_endpoint: "http://localhost:4317"', "http://localhost:4317/v1/traces"],
  [', use_http: true, otlp_endpoint: "https://c"', "https://c/v1/traces"],
  [', use_http: true, otlp_endpoint: "https://c/v1/traces"', "https://c/v1/traces"],
  [', use_http: true, otlp_endpoint: "https://c/v1/traces/"', "https://c/v1/traces"],
  [', use_http: true, otlp_endpoint: "https://c/otlp/v1/traces/?key=1"', "https://c/otlp/v1/traces?key=1"],
  [', use_http: true, otlp_endpoint: "https://c/otlp"', "https://c/otlp/v1/traces"],
  [', use_http: true, otlp_endpoint: "https://c/otlp/"', "https://c/otlp/v1/traces"],
  [', use_http: true, otlp_endpoint: "https://c/otlp?key=1"', "https://c/otlp/v1/traces?key=1"],
  [', use_http: true, otlp_endpoint: "https://a:b@c/#d"', "https://c/v1/traces"],
])("settings: {%s} is delivered to %s", (section, url) => {
  expect(settings(section).exporter.url.href).toBe(url);
});

const GENERAL = "OTEL_EXPORTER_OTLP_ENDPOINT";
const OWN = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
test.each([
  ["", { [GENERAL]: "http://e:1/base" }, "http://e:1/base/v1/traces"],
  ["", { [GENERAL]: "http://e:1/base/v1/traces/" }, "http://e:1/base/v1/traces"],
  ["", { [OWN]: "http://e:1/as-it-is/" }, "http://e:1/as-it-is/"],
  ["", { [GENERAL]: "http://e:1", [OWN]: "http://own:1" }, "http://own:1/"],
  ["", { [GENERAL]: "e:1" }, "http://e:1/v1/traces"],
  ["", { [GENERAL]: "" }, "http://localhost:4318/v1/traces"],
  ["", { [GENERAL]: "unix:///run/c" }, "http://localhost:4318/v1/traces"],
  [
    ', otlp_endpoint: "http://localhost:4317"',
    { [GENERAL]: "http://e:1" },
    "http://localhost:4317/v1/traces",
  ],
] as const)("settings: {use_http%s} with %p is delivered to %s", (section, env, url) => {
  expect(settings(`, use_http: true${section}`, env).exporter.url.href).toBe(url);
});

test("settings: the service's name is the file's, then the environment's", () => {
  const attributes = { OTEL_RESOURCE_ATTRIBUTES: "service.name=attribute,rack=4%2C2, broken" };
  const name = (section: string, env: Environment) => settings(section, env).resource["service.name"];
  expect(name(", service_name: file", { OTEL_SERVICE_NAME: "variable" })).toBe("file");
  expect(name("", { OTEL_SERVICE_NAME: "variable", ...attributes })).toBe("variable");
  expect(name("", attributes)).toBe("attribute");
  expect(name("", {})).toBe("healthcheck-server");
  expect(settings("", attributes).resource).toMatchObject({ rack: "4,2", "service.version": "1.2.3" });
  expect(settings("", attributes).warnings.map(({ variable }) => variable)).toEqual([
    "OTEL_RESOURCE_ATTRIBUTES",
  ]);
});

test("settings: headers come from the variables, those of the traces first, and the login from the endpoint", () => {
  const env = {
    OTEL_EXPORTER_OTLP_HEADERS: "a=1,B=2,c=x%0Ay,authorization=theirs",
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: "b=3",
  };
  const { exporter, warnings } = settings(', otlp_endpoint: "http://u:p%40@c"', env);
  expect(exporter.headers).toEqual({
    a: "1",
    b: "3",
    authorization: `Basic ${Buffer.from("u:p@").toString("base64")}`,
  });
  expect(warnings).toEqual([
    { variable: "OTEL_EXPORTER_OTLP_HEADERS", message: "contains an invalid header, which is ignored" },
  ]);
});

test("settings: variables that are invalid or have no effect are reported, without their values", () => {
  const env = {
    OTEL_EXPORTER_OTLP_TIMEOUT: "soon",
    OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    OTEL_SDK_DISABLED: "true",
    OTEL_BSP_MAX_QUEUE_SIZE: "9",
  };
  const { exporter, warnings } = settings("", env);
  expect(exporter).toMatchObject({ timeoutMs: 10_000, compress: true });
  expect(warnings.map(({ variable }) => variable).sort()).toEqual([
    "OTEL_BSP_MAX_QUEUE_SIZE",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
    "OTEL_SDK_DISABLED",
  ]);
  expect(JSON.stringify(warnings)).not.toContain("soon");
});

test("settings: of an endpoint only what is no secret is shown", () => {
  const section = ', use_http: true, otlp_endpoint: "https://user:password@c:1/path?token=1#x"';
  expect(settings(section).shownEndpoint).toBe("https://***@c:1/path?…");
});
