/** The HTTP exporter of the OpenTelemetry library as it is set up here, against a server on loopback. */
import { expect, test } from "bun:test";
import { HttpExporter } from "../../src/telemetry/http-exporter.ts";
import type { ExporterSettings } from "../../src/telemetry/settings.ts";
import { FinishedSpan } from "../../src/telemetry/span.ts";
import { Tracer } from "../../src/telemetry/tracer.ts";

/** An exporter, and a server that gives it the answers of a list, one after the other. */
class Fixture implements Disposable {
  readonly requests: Headers[] = [];
  readonly #server: Bun.Server<undefined>;
  readonly exporter: HttpExporter;

  constructor(answers: readonly (() => Response)[], settings: Partial<ExporterSettings> = {}) {
    this.#server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: ({ headers }) => {
        this.requests.push(headers);
        return answers[this.requests.length - 1]?.() ?? new Response("{}");
      },
    });
    this.exporter = new HttpExporter({
      protocol: "http",
      url: new URL("/v1/traces", this.#server.url),
      headers: {},
      timeoutMs: 10_000,
      compress: false,
      caFile: undefined,
      certFile: undefined,
      keyFile: undefined,
      userAgent: "test/1",
      ...settings,
    });
  }

  [Symbol.dispose](): void {
    this.exporter.close();
    void this.#server.stop(true);
  }
}

const SPAN = (() => {
  let made: FinishedSpan | undefined;
  const put = (span: unknown) => {
    if (span instanceof FinishedSpan) made = span;
  };
  const tracer = new Tracer(1, {}, "1", { put, full: false, lose: () => {} });
  tracer.finish(tracer.forcedRoot(), { name: "span", kind: 0, startMs: 1, endMs: 2, attributes: {} });
  if (made === undefined) throw new Error("no span was made");
  return made;
})();
const THREE = [SPAN, SPAN, SPAN];

const partial = (errorMessage: string, rejectedSpans = 0) =>
  JSON.stringify({ partialSuccess: { rejectedSpans: String(rejectedSpans), errorMessage } });
const saying = (body: string) => () => new Response(body);

test("HttpExporter: each delivery comes to what its own answer says", async () => {
  const answers = [
    saying(partial("too old", 2)),
    saying("{}"),
    saying(partial("use the other port")),
    () => new Response(partial("nothing of it", 3), { status: 400 }),
    saying(""),
    saying("<html>"),
    saying(partial("too many", 7)),
  ];
  using fixture = new Fixture(answers);
  const outcomes = [];
  for (const _ of answers) outcomes.push(await fixture.exporter.export(THREE));
  expect(outcomes).toEqual([
    { message: "collector rejected 2 of 3 spans: too old", rejected: 2 },
    undefined,
    { message: "use the other port", rejected: 0 },
    { message: "HTTP status 400", retry: false },
    undefined,
    undefined,
    { message: "collector rejected 3 of 3 spans: too many", rejected: 3 },
  ]);
});

test("HttpExporter: of two deliveries under way each comes to what its own answer says", async () => {
  using fixture = new Fixture([saying(partial("the first")), saying("{}")]);
  const both = [fixture.exporter.export(THREE), fixture.exporter.export(THREE)];
  expect(await Promise.all(both)).toEqual([{ message: "the first", rejected: 0 }, undefined]);
});

test("HttpExporter: an answer of more than 64 KiB counts as success and is not parsed", async () => {
  const answer = partial("read", 1);
  const padded = (bytes: number) => saying(answer.padEnd(bytes));
  using fixture = new Fixture([padded(65_536), padded(65_537), padded(4 << 20)]);
  const outcomes = [];
  for (let nth = 0; nth < 3; nth++) outcomes.push(await fixture.exporter.export(THREE));
  expect(outcomes).toEqual([
    { message: "collector rejected 1 of 3 spans: read", rejected: 1 },
    undefined,
    undefined,
  ]);
});

test("HttpExporter: only the settings count, whatever OpenTelemetry variables the environment has", async () => {
  const { env } = process;
  process.env = {
    ...env,
    OTEL_EXPORTER_OTLP_HEADERS: "bad name=1,x-bad=%0a,x-theirs=1",
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: "authorization=theirs",
    OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    OTEL_EXPORTER_OTLP_TIMEOUT: "0",
  };
  try {
    using fixture = new Fixture([], { headers: { authorization: "ours" } });
    expect(Object.keys(process.env)).toContain("OTEL_EXPORTER_OTLP_HEADERS");
    expect(await fixture.exporter.export(THREE)).toBeUndefined();
    const [headers] = fixture.requests;
    const names = ["authorization", "content-type", "content-encoding", "x-theirs", "user-agent"];
    expect(names.map((name) => headers?.get(name))).toEqual([
      "ours",
      "application/json",
      null,
      null,
      expect.stringMatching(/^test\/1 OTel-OTLP-Exporter-JavaScript\//),
    ]);
  } finally {
    process.env = env;
  }
});
