/**
 * Healthchecks with a secret in every place that may hold one, each secret naming its place, so that a leak identifies its source.
 * Called by tests/faults/security-secrets.test.ts.
 */

/**
 * A secret. No two begin alike, so that one is not hidden because another one is (checks/secrets.ts), and six
 * characters of each distinguish it from everything else.
 */
export function secret(place: string): string {
  return `hunt${Bun.hash(place).toString(16).slice(0, 6)}-${place}`;
}

const SECRET = /hunt[0-9a-f]{2}/i;

/** The Authorization that the whole URLs below mean. */
export const BASIC = Buffer.from(`${secret("user")}:${secret("password")}`).toString("base64");

/** The lines of a text that hold a secret. */
export function leaks(text: string): string[] {
  return text.split("\n").filter((line) => SECRET.test(line) || line.includes(BASIC.slice(0, 16)));
}

/** Address that the healthchecks connect to. */
export interface CanaryPorts {
  /** Backend that repeats its input, over TCP. */
  readonly echo: number;
  /** Repeats the request in its reason phrase and body. */
  readonly web: number;
  /** Repeats its input, over UDP. */
  readonly udpEcho: number;
  readonly silent: number;
  readonly closed: number;
}

/** Fields of a CONFIG. */
export type Fields = Readonly<Record<string, unknown>>;

const QUICK = { interval: "100ms", timeout: "90ms", ip: "127.0.0.1" };
const LONG = "+OK and whatever else the expected answer says";
const HEADERS = { Authorization: `Bearer ${secret("bearer")}`, "X-Key": secret("header") };
const TCP = { ...QUICK, checker_type: "tcp", send: `AUTH ${secret("send")}\r\n\r\n` };
const UDP = { ...QUICK, checker_type: "udp", send: `AUTH\0${secret("datagram")}\0` };
const RADIUS = {
  ...QUICK,
  checker_type: "radius",
  username: "alice",
  password: secret("radius-password"),
  secret: secret("radius-secret"),
};
const HTTP = { ...QUICK, checker_type: "http", headers: HEADERS };
const URL_PATH = `http://${secret("user")}:${secret("password")}@www.example.test/healthz?token=${secret("query")}`;

/** Valid ones, of every type and with every outcome; ids from 1. */
export function canaryConfigs({ echo, web, udpEcho, silent, closed }: CanaryPorts): Fields[] {
  const query = `/healthz?token=${secret("query")}#${secret("fragment")}`;
  const configs: Fields[] = [
    { ...TCP, port: echo, receive: "-ERR" },
    { ...TCP, port: echo, receive: LONG },
    { ...TCP, port: silent, receive: LONG },
    { ...TCP, port: closed },
    { ...TCP, port: echo, secure: true, server_name: "www.example.test" },
    { ...HTTP, port: web, path: URL_PATH, headers: { "X-Key": secret("header") } },
    { ...HTTP, port: web, path: URL_PATH, headers: {}, expected_codes: [204] },
    { ...HTTP, port: web, path: query, response: LONG, method: "POST" },
    {
      ...HTTP,
      port: web,
      path: query,
      headers: { "X-Long": `${secret("long")} `.repeat(20) },
      response: LONG,
    },
    { ...HTTP, port: web, path: URL_PATH, secure: true },
    { ...HTTP, port: silent, path: URL_PATH },
    { ...HTTP, port: closed, path: URL_PATH },
    // URLs that are not understood as such: they are paths.
    { ...HTTP, port: web, path: URL_PATH.slice("http:".length) },
    { ...HTTP, port: closed, path: URL_PATH.slice("http://".length) },
    { ...HTTP, port: closed, path: `http:/${URL_PATH.slice("http://".length)}` },
    { ...UDP, port: udpEcho, receive: "-ERR" },
    { ...UDP, port: udpEcho },
    { ...UDP, port: closed },
    {
      ...UDP,
      port: udpEcho,
      send: undefined,
      send_hex: Buffer.from(secret("datagram-hex")).toString("hex"),
      receive: "a",
    },
    // The echo is no RADIUS packet.
    { ...RADIUS, port: udpEcho },
    { ...RADIUS, port: closed, expect: "any" },
    { ...RADIUS, port: udpEcho, username: "", password: "", method: "status" },
    // Fields of other types, and of none.
    { ...TCP, ...HTTP, checker_type: "dns", query: "a.test", port: closed, password: secret("unknown") },
  ];
  return configs.map((fields, index) => ({ id: index + 1, ...fields }));
}

/**
 * Values that a client or a file may have in place of a CONFIG, or in one; each is rejected, for a reason near the
 * secret.
 */
export function rejectedConfigs(firstId: number): unknown[] {
  const refused: unknown[] = [
    { ...TCP, port: 0 },
    { ...TCP, port: 1, interval: "never" },
    { ...TCP, port: 1, send: [secret("send-list")] },
    { ...TCP, port: 1, send: { text: secret("send-object") } },
    { ...TCP, port: 1, server_name: `${secret("user")}:${secret("password")}@www.example.test` },
    { ...TCP, port: 1, ip: { password: secret("ip") } },
    { ...TCP, port: { password: secret("port") } },
    { ...TCP, port: 1, interval: `http://${secret("user")}:${secret("password")}@www.example.test/` },
    { ...HTTP, port: 1, path: `ftp://${secret("user")}:${secret("password")}@www.example.test/` },
    { ...HTTP, port: 1, path: `http://${secret("user")}:${secret("password")}@a b/` },
    { ...HTTP, port: 1, path: [URL_PATH] },
    { ...HTTP, port: 1, path: `/${secret("long").repeat(2_000)}` },
    { ...HTTP, port: 1, host: URL_PATH },
    { ...HTTP, port: 1, method: `GET ${URL_PATH}` },
    { ...HTTP, port: 1, headers: `X-Key: ${secret("header-text")}` },
    { ...HTTP, port: 1, headers: [`X-Key: ${secret("header-list")}`] },
    { ...HTTP, port: 1, headers: { [`X-Key: ${secret("header-name")}`]: "" } },
    { ...HTTP, port: 1, headers: { "X-Key": `a\r\n${secret("header-lines")}` } },
    { ...HTTP, port: 1, headers: { "X-Key": [secret("header-value")] } },
    { ...HTTP, port: 1, expected_codes: [{ password: secret("codes") }] },
    { ...UDP, port: 1, send_hex: secret("hex") },
    { ...UDP, port: 1, expect: "none", receive: "a" },
    { ...RADIUS, port: 1, username: "" },
    { ...RADIUS, port: 1, method: "status" },
    { ...RADIUS, port: 1, secret: [secret("radius-list")] },
    { ...RADIUS, port: 1, password: secret("radius-long").repeat(20) },
    { ...TCP, ...HTTP, port: 1, checker_type: "snmp" },
    { ...TCP, ...HTTP, port: 1, checker_type: { password: secret("type") } },
    { ...HTTP, checker_type: "dns", query: `${secret("user")}:${secret("password")}@a..test`, port: 1 },
    { ...HTTP, checker_type: "dns", query: "a.test", expected_ips: [URL_PATH], port: 1 },
  ];
  const named = refused.map((fields, index) => ({ id: firstId + index, ...Object(fields) }));
  const nameless = [{ ...TCP, id: { password: secret("id") }, port: 1 }, secret("text"), [secret("list")]];
  return [...named, ...nameless];
}

/** Lines of a client that are no messages. */
export const REFUSED_LINES: readonly string[] = [
  `${secret("line")} and nothing else`,
  JSON.stringify(secret("json-text")),
  JSON.stringify([{ ...TCP, id: 1 }]),
  `{"type":"update_configs","configs":[${JSON.stringify({ ...TCP, id: 1 })}`,
  `{"type":"update_configs","configs":[{"id":900,"send":"${secret("cut")}",}]}`,
  `{"type":"update_configs","configs":[${secret("bare")}]}`,
  JSON.stringify({ type: "update_configs", configs: { send: secret("configs-object") } }),
  JSON.stringify({ type: "update_configs", configs: secret("configs-text") }),
  JSON.stringify({ type: { send: secret("type-object") } }),
  JSON.stringify({ type: "no_such_type", configs: [{ ...TCP, id: 1 }] }),
];

/** Checks files that are not YAML, or useless; each has its error near the secret. */
export const REFUSED_FILES: readonly string[] = [
  `healthchecks:\n  - { id: 1, send: "a" "${secret("two")}" }\n`,
  `healthchecks:\n  - send: *${secret("alias")}\n`,
  `healthchecks:\n  - send: |${secret("block")}\n`,
  `healthchecks:\n  - send: "\\q${secret("escape")}"\n`,
  `healthchecks:\n  - send: "${secret("open")}\n`,
  `healthchecks:\n  - send: @${secret("reserved")}\n`,
  `healthchecks:\n  - send: a: ${secret("nested")}\n`,
  `healthchecks:\n  - send: %${secret("directive")}\n`,
  `healthchecks: [] ]${secret("bracket")}\n`,
  `healthchecks:\n  send: ${secret("map")}\n`,
  `healthchecks: ${secret("scalar")}\n`,
  `${secret("document")}\n`,
  `- ${secret("sequence")}\n`,
  `%${secret("percent")} x\n---\nhealthchecks: [\n`,
  `healthchecks:\n  - ? { send: ${secret("key")} }\n  : *x\n`,
];
