/** The six checkers of Seesaw as fields of CONFIG, by the names under which the engine registers their types. */
import { FieldError } from "../schema/field-error.ts";
import { notValid, outOfRange, problem } from "../schema/problem.ts";
import {
  anyNumber,
  booleanOf,
  bytesOf,
  type Config,
  integerOf,
  payloadOf,
  textOf,
  unlessZero,
} from "./engine-fields.ts";
import { showName } from "./gob-error.ts";
import { GobInterface, GobStruct, type GobValue } from "./gob-values.ts";

/** Reads the fields of a checker, the target's excluded. */
type ReadChecker = (checker: GobStruct) => Config;

const CHECKERS: ReadonlyMap<string, ReadChecker> = new Map([
  ["*healthcheck.TCPChecker", tcp],
  ["*healthcheck.UDPChecker", udp],
  ["*healthcheck.HTTPChecker", http],
  ["*healthcheck.DNSChecker", dns],
  ["*healthcheck.PingChecker", ping],
  ["*healthcheck.RADIUSChecker", radius],
]);
const CHECKER_RULE = `one of ${[...CHECKERS.keys()].join(", ")}`;

/** Values of Mode, in Seesaw's order. */
const MODES = ["plain", "dsr", "tun"];
/** The types of DNS records by number (RFC 1035, 3.2.2; RFC 2782; RFC 3596; RFC 8659). */
const QUERY_TYPES: ReadonlyMap<bigint, string> = new Map([
  [1n, "A"],
  [2n, "NS"],
  [5n, "CNAME"],
  [6n, "SOA"],
  [12n, "PTR"],
  [15n, "MX"],
  [16n, "TXT"],
  [28n, "AAAA"],
  [33n, "SRV"],
  [257n, "CAA"],
]);
/** Types whose answer is an address. */
const ADDRESS_TYPES = ["A", "AAAA"];
/** The classes by number (RFC 1035, 3.2.4). */
const QUERY_CLASSES: ReadonlyMap<bigint, string> = new Map([
  [1n, "IN"],
  [3n, "CH"],
  [4n, "HS"],
]);
const MAX_PORT = 65_535n;

/** Reads the checker of a config. @throws FieldError */
export function checkerConfig(checker: GobValue | undefined): Config {
  if (!(checker instanceof GobInterface) || !(checker.value instanceof GobStruct))
    throw new FieldError("checker_type", problem(undefined, CHECKER_RULE));
  const read = CHECKERS.get(checker.name);
  if (read === undefined)
    throw new FieldError("checker_type", notValid(JSON.stringify(showName(checker.name)), CHECKER_RULE));
  return { ...read(checker.value), ...targetConfig(checker.value) };
}

function tcp(checker: GobStruct): Config {
  return {
    checker_type: "tcp",
    port: portOf(checker),
    ...payloadOf(checker, "Send", "send"),
    ...payloadOf(checker, "Receive", "receive"),
    ...tls(checker),
    // Of a fork of Seesaw.
    ...unlessZero("server_name", textOf(checker, "ServerName", "server_name")),
  };
}

function udp(checker: GobStruct): Config {
  return {
    checker_type: "udp",
    port: portOf(checker),
    ...payloadOf(checker, "Send", "send"),
    ...payloadOf(checker, "Receive", "receive"),
  };
}

function http(checker: GobStruct): Config {
  return {
    checker_type: "http",
    port: portOf(checker),
    ...unlessZero("method", textOf(checker, "Method", "method")),
    ...unlessZero("path", textOf(checker, "Request", "path")),
    ...unlessZero("response", textOf(checker, "Response", "response")),
    expected_codes: [anyNumber(integerOf(checker, "ResponseCode", "expected_codes"))],
    ...tls(checker),
    ...unlessZero("proxy", booleanOf(checker, "Proxy", "proxy")),
  };
}

/** Google's checker finds only A and AAAA records, of the class of the question; the other types work here. */
function dns(checker: GobStruct): Config {
  const question = checker.get("Question");
  if (!(question instanceof GobStruct)) throw new FieldError("query", problem(undefined, "a domain name"));
  const queryType = byNumber(question, "Qtype", "query_type", QUERY_TYPES, "a DNS record type");
  const queryClass = byNumber(question, "Qclass", "query_class", QUERY_CLASSES, "a DNS class");
  const answer = textOf(checker, "Answer", "expect");
  return {
    checker_type: "dns",
    port: portOf(checker),
    query: textOf(question, "Name", "query"),
    query_type: queryType,
    ...(queryClass === "IN" ? {} : { query_class: queryClass }),
    ...(answer === "" ? {} : expected(queryType, answer)),
  };
}

function expected(queryType: string, answer: string): Config {
  return ADDRESS_TYPES.includes(queryType) ? { expected_ips: [answer] } : { expect: [answer] };
}

/** Reads a number that stands for a word. @throws FieldError */
function byNumber(
  struct: GobStruct,
  name: string,
  field: string,
  words: ReadonlyMap<bigint, string>,
  what: string,
): string {
  const number = integerOf(struct, name, field);
  const word = words.get(number);
  if (word !== undefined) return word;
  const known = [...words].map(([one, text]) => `${one} (${text})`).join(", ");
  throw new FieldError(field, notValid(String(number), `the number of ${what}: ${known}`));
}

/** Identifier and sequence number are the checker's own affair: the engine's may collide with those of its peer node. */
function ping(): Config {
  return { checker_type: "icmp" };
}

function radius(checker: GobStruct): Config {
  return {
    checker_type: "radius",
    port: portOf(checker),
    username: textOf(checker, "Username", "username"),
    password: textOf(checker, "Password", "password"),
    secret: textOf(checker, "Secret", "secret"),
    expect: textOf(checker, "Response", "expect"),
  };
}

/** Without TLS there is nothing to verify: the engine sets TLSVerify all the same. */
function tls(checker: GobStruct): Config {
  const secure = booleanOf(checker, "Secure", "secure");
  const verify = booleanOf(checker, "TLSVerify", "tls_verify");
  return secure ? { secure, tls_verify: verify } : { secure };
}

function target(checker: GobStruct): GobStruct {
  const found = checker.get("Target");
  if (found instanceof GobStruct) return found;
  throw new FieldError("ip", problem(undefined, "an IPv4 or IPv6 address"));
}

/** Address, mode and path of the packets: what the target of every checker has. */
function targetConfig(checker: GobStruct): Config {
  const found = target(checker);
  const mode = integerOf(found, "Mode", "mode");
  const modeName = MODES[Number(mode)];
  if (modeName === undefined)
    throw new FieldError("mode", outOfRange(mode, `an integer from 0 to ${MODES.length - 1}`));
  // Of a fork of Seesaw, for DSR.
  const source = checker.get("Source");
  return {
    ip: addressOf(found, "IP", "ip") ?? missingAddress("ip"),
    ...unlessZero("mark", anyNumber(integerOf(found, "Mark", "mark"))),
    ...(mode === 0n
      ? {}
      : { mode: modeName, host: addressOf(found, "Host", "host") ?? missingAddress("host") }),
    ...(source instanceof GobStruct
      ? unlessZero("source_ip", addressOf(source, "IP", "source_ip") ?? "")
      : {}),
  };
}

function portOf(checker: GobStruct): number {
  const port = integerOf(target(checker), "Port", "port");
  if (port < 1n || port > MAX_PORT)
    throw new FieldError("port", outOfRange(port, `an integer from 1 to ${MAX_PORT}`));
  return Number(port);
}

function missingAddress(field: string): never {
  throw new FieldError(field, problem(undefined, "an IPv4 or IPv6 address"));
}

/** Reads an address of 4 or 16 bytes, IPv4 also as `::ffff:a.b.c.d`. @returns undefined when it is absent @throws FieldError */
function addressOf(struct: GobStruct, name: string, field: string): string | undefined {
  const bytes = bytesOf(struct, name, field);
  if (bytes.length === 0) return undefined;
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length !== 16)
    throw new FieldError(
      field,
      notValid(`an address of ${bytes.length} bytes`, "an address of 4 or 16 bytes"),
    );
  const isMapped =
    bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  if (isMapped) return bytes.subarray(12).join(".");
  const groups = Array.from(
    { length: 8 },
    (_, index) => ((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0),
  );
  return groups.map((group) => group.toString(16)).join(":");
}
