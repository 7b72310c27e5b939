/**
 * The compiled executable among strangers who put escape sequences, bidirectional overrides and endless texts into everything that they
 * say: nothing of it reaches a log line, the API, the page's events, or a terminal, and every sentence has at most 512 bytes. Run by
 * `bun test`.
 */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { makeCa } from "../harness/backends/certs.ts";
import { hostile } from "../harness/backends/hostile.ts";
import { ASKED, reply, startLiar } from "../harness/backends/rogue-dns-server.ts";
import { runCommand } from "../harness/base/command.ts";
import { HOSTILE_CHARACTER, HOSTILE_TEXT } from "../harness/base/foreign-text.ts";
import { freePort } from "../harness/base/ports.ts";
import { until } from "../harness/base/wait.ts";
import { dnsCheck, httpCheck, tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { handled } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig, scrapeText } from "../harness/daemon/metrics.ts";

setDefaultTimeout(90_000);

const MAX_SENTENCE_BYTES = 512;
const MAX_LOG_LINE_BYTES = 48 * 1_024;
const LONG = HOSTILE_TEXT.repeat(200);
/** As a backend sends it: bytes of UTF-8, one a character. */
const ON_WIRE = Buffer.from(LONG).toString("latin1");
const CERTIFICATE_NAMES = 1_500;

/** Fails at the first character that must not be there. */
function expectPrintable(what: string, text: string): void {
  const lines = text.split("\n").filter((line) => HOSTILE_CHARACTER.test(line));
  expect([what, lines.slice(0, 1)]).toEqual([what, []]);
}

/** The checks, each of a stranger of its own. */
async function strangers(stack: AsyncDisposableStack) {
  const ca = stack.use(await makeCa());
  const many = ca.issue({ name: "many.test", sans: times(CERTIFICATE_NAMES, (n) => `DNS:n${n}.example`) });
  const odd = ca.issue({
    name: "odd.test",
    sans: ["DNS:\u202e\u009b.example", "URI:http://x/\u001b, DNS:y"],
  });
  const pem = (cert: typeof many) => ({
    cert: readFileSync(cert.certFile, "utf8"),
    key: readFileSync(cert.keyFile, "utf8"),
  });
  const answering = (text: string) => stack.use(hostile({ asked: (talk) => talk.say(text) }));
  const manyNames = stack.use(hostile({}, pem(many)));
  const oddNames = stack.use(hostile({}, pem(odd)));
  const banner = stack.use(hostile({ accepted: (talk) => talk.say(ON_WIRE) }));
  const reason = answering(`HTTP/1.1 500 ${ON_WIRE.replace(/[\r\n\0]/g, "")}\r\n\r\n`);
  const body = answering(`HTTP/1.1 200 OK\r\nContent-Length: ${ON_WIRE.length}\r\n\r\n${ON_WIRE}`);
  const header = answering(`HTTP/1.1 200 OK\r\n${ON_WIRE}: x\r\n\r\n`);
  const texts = stack.use(
    await startLiar(({ query, say }) =>
      say(
        reply(query, {
          answers: times(4, () => ({ type: "TXT" as const, name: ASKED, ttl: 1, data: HOSTILE_TEXT })),
        }),
      ),
    ),
  );
  const exchanges = stack.use(
    await startLiar(({ query, say }) =>
      say(
        reply(query, {
          answers: [
            { type: "MX", name: ASKED, ttl: 1, data: { preference: 1, exchange: `${HOSTILE_TEXT}.test` } },
          ],
        }),
      ),
    ),
  );
  const tls = { secure: true, server_name: "www.example.com" };
  const dns = ({ port }: { port: number }, query_type: string) =>
    ({ ip: "127.0.0.1", port, query_type }) as const;
  const checks = [
    httpCheck(1, manyNames, tls),
    tcpCheck(2, oddNames, tls),
    tcpCheck(3, banner, { receive: `${HOSTILE_TEXT}!` }),
    httpCheck(4, reason, { expected_codes: [200] }),
    httpCheck(5, body, { response: "ok" }),
    httpCheck(6, header, { path: `/${HOSTILE_TEXT}`, headers: { "X-A": "b" } }),
    dnsCheck(7, ASKED, dns(texts, "TXT")),
    dnsCheck(8, ASKED, dns(exchanges, "MX")),
    httpCheck(9, body, { response: HOSTILE_TEXT, method: "GET" }),
  ];
  return { ca, checks };
}

/** Configs that are refused, with hostile text in each field. */
function badConfigs(target: { hostname: string; port: number }): string[] {
  const fields = [
    "ip",
    "interval",
    "timeout",
    "checker_type",
    "method",
    "path",
    "host",
    "server_name",
    "query",
    "close",
    "query_type",
    HOSTILE_TEXT,
  ];
  return [
    ...fields.map((field, n) => httpCheck(100 + n, target, { [field]: LONG })),
    ...fields.map((field, n) => dnsCheck(200 + n, "x", { [field]: LONG, query_type: LONG })),
    httpCheck(300, target, { headers: { [LONG]: LONG }, expected_codes: times(900, () => HOSTILE_TEXT) }),
    JSON.stringify(HOSTILE_TEXT),
    `{"id":301,${LONG.replaceAll("[", "")}}`,
  ];
}

test.each(["text", "json"])(
  "hostile text: log as %s, API, events, explain, status and probe are printable and bounded",
  async (format) => {
    await using stack = new AsyncDisposableStack();
    const { ca, checks } = await strangers(stack);
    const port = freePort();
    await using daemon = await startDaemon({
      config: `${metricsConfig(port)}logging: { level: debug, format: ${format} }\n`,
      env: { SSL_CERT_FILE: ca.caFile },
      waitForSocket: false,
    });
    const client = stack.use(
      await until(() => connectClient(daemon.socketPath).catch(() => undefined), 10_000, "the socket"),
    );
    const events = await fetch(`http://127.0.0.1:${port}/api/events`);
    const reader = events.body?.getReader();
    client.update([...checks, ...badConfigs({ hostname: "127.0.0.1", port: 1 })]);
    client.send(`{"type":${JSON.stringify(LONG.slice(0, 2_000))}}`);
    await handled(client);
    await until(
      () => checks.every((_, index) => client.latest.has(`${index + 1}`)),
      20_000,
      () => `a result of each: ${[...client.latest.keys()]}`,
    );

    for (const { message } of client.latest.values()) {
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(MAX_SENTENCE_BYTES);
      expectPrintable("a status", message);
    }
    const names = `n0.example, n1.example, n2.example and ${(CERTIFICATE_NAMES - 3).toLocaleString("en-US")} more`;
    expect(client.latest.get("1")?.message).toEndWith(`: certificate is for ${names}, not www.example.com`);
    for (const { type, message } of client.lines)
      if (type === "error") expectPrintable("an error", message ?? "");
    for (const line of daemon.log) {
      expect(Buffer.byteLength(line)).toBeLessThan(MAX_LOG_LINE_BYTES);
      expectPrintable("the log", line);
    }
    if (format === "json") for (const line of daemon.log) expectFieldsPrintable(line);

    const list = await (await fetch(`http://127.0.0.1:${port}/api/healthchecks`)).text();
    expectPrintable("the API", list);
    for (const { last } of JSON.parse(list).healthchecks)
      expect(Buffer.byteLength(`${last.code} ${last.message}`)).toBeLessThanOrEqual(MAX_SENTENCE_BYTES);
    expectPrintable("metrics", await scrapeText(port));
    const chunk = await reader?.read();
    await reader?.cancel();
    expectPrintable("events", Buffer.from(chunk?.value ?? []).toString());
    for (const [, id] of checks.map((check) => /"id":(\d+)/.exec(check) ?? [])) {
      const addr = ["--addr", `127.0.0.1:${port}`];
      for (const args of [
        ["explain", id ?? "", ...addr],
        ["explain", id ?? "", "--json", ...addr],
      ])
        expectPrintable(args.join(" "), (await runCommand(args)).out);
    }
    expectPrintable("status", (await runCommand(["status", "--addr", `127.0.0.1:${port}`])).out);
  },
);

/** A program that reads the log's JSON may print what it finds. Stacks have line breaks. */
function expectFieldsPrintable(line: string): void {
  for (const value of Object.values(JSON.parse(line)))
    if (typeof value === "string") expectPrintable(line, value.replaceAll(/[\t\n]/g, ""));
}

test("hostile text: the output of probe about a hostile backend, and of commands about a squatter, is printable", async () => {
  await using stack = new AsyncDisposableStack();
  const banner = stack.use(hostile({ accepted: (talk) => talk.say(ON_WIRE) }));
  const error = JSON.stringify({ error: HOSTILE_TEXT });
  const squatter = stack.use(
    hostile({
      asked: (talk) =>
        talk.say(
          `HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(error)}\r\n\r\n${Buffer.from(error).toString("latin1")}`,
        ),
    }),
  );
  const target = `127.0.0.1:${banner.port}`;
  const addr = ["--addr", `127.0.0.1:${squatter.port}`];
  const commands = [
    ["probe", "tcp", target, "--receive", "220"],
    ["probe", "tcp", target, "--receive", "220", "--json"],
    ["probe", "http", `http://${target}/${HOSTILE_TEXT.replaceAll("\0", "")}`],
    ["probe", "dns", HOSTILE_TEXT, `@${target}`, "--timeout", "200ms"],
    ["explain", "1", ...addr],
    ["explain", HOSTILE_TEXT, ...addr],
    ["status", ...addr],
    ["check-config", `/nowhere/${HOSTILE_TEXT}`],
  ];
  for (const args of commands) {
    const { out, err } = await runCommand(args);
    expect([args, (out + err).length > 0]).toEqual([args, true]);
    expectPrintable(args.join(" "), out + err);
  }
});
