/** HAProxy as a reference: one server for each row, and the codes of its checks from the statistics socket. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { peerPath } from "../harness/base/peers.ts";
import { stopProcess } from "../harness/base/process.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { type Backend, type Behavior, SHORT, type World } from "./behavior.ts";
import { httpHead, isSecure, serverName } from "./request.ts";

/** A row with its backend. */
export interface Started {
  readonly row: Behavior;
  readonly backend: Backend;
}

const INTERVAL = "2500ms";
const POLL_MS = 100;
/** Time for three checks of each server, those that reach their timeout included. */
const OBSERVED_MS = 9_500;

/** A running HAProxy. */
export interface Haproxy extends AsyncDisposable {
  /** All codes of each row's checks; one code unless the outcome depends on timing. */
  codes(): Promise<ReadonlyMap<string, ReadonlySet<string>>>;
}

/** Starts checking all rows that have a cell for HAProxy. @throws Error with HAProxy's words when it refuses its configuration */
export async function startHaproxy(rows: readonly Started[], world: World): Promise<Haproxy> {
  const dir = makeTempDir("haproxy");
  const file = join(dir.path, "haproxy.cfg");
  const socket = join(dir.path, "stats.sock");
  writeFileSync(file, configuration(rows, world, socket));
  const child = Bun.spawn([peerPath("haproxy"), "-db", "-f", file], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const words = new Response(child.stderr).text();
  const stop = async () => {
    await stopProcess(child);
    dir.remove();
  };
  try {
    await until(
      async () => child.exitCode !== null || (await ask(socket, "show info")) !== "",
      10_000,
      "haproxy to start",
    );
    if (child.exitCode !== null) throw new Error(`haproxy ended with ${child.exitCode}: ${await words}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { codes: () => observe(socket, rows), [Symbol.asyncDispose]: stop };
}

/** Polls until every server has been checked often enough. */
async function observe(
  socket: string,
  rows: readonly Started[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const seen = new Map(rows.map(({ row }) => [row.id, new Set<string>()]));
  const began = performance.now();
  const settled = async () => {
    for (const [id, code] of await statistics(socket)) seen.get(id)?.add(code);
    const all = [...seen.values()].every((codes) => codes.size > 0);
    await Bun.sleep(POLL_MS);
    return all && performance.now() - began > OBSERVED_MS;
  };
  await until(
    settled,
    30_000,
    () => `haproxy to check ${[...seen].filter(([, codes]) => codes.size === 0).map(([id]) => id)}`,
  );
  return seen;
}

/** The code of each server's last finished check. */
async function statistics(socket: string): Promise<(readonly [string, string])[]> {
  const [head = "", ...lines] = (await ask(socket, "show stat")).trim().split("\n");
  const columns = head.replace(/^# /, "").split(",");
  const [name, status] = [columns.indexOf("pxname"), columns.indexOf("check_status")];
  const server = columns.indexOf("svname");
  return (
    lines
      .map((line) => line.split(","))
      .filter((cells) => cells[server] === "s")
      // HAProxy puts a star before the former check's code while another check is running.
      .map((cells) => [cells[name] ?? "", (cells[status] ?? "").replace("* ", "")] as const)
      .filter(([, code]) => code !== "INI" && code !== "")
  );
}

async function ask(socket: string, command: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = "";
  try {
    await Bun.connect({
      unix: socket,
      socket: {
        open: (own) => void own.write(`${command}\n`),
        data: (_, bytes) => {
          text += bytes.toString();
        },
        close: () => resolve(text),
        error() {},
      },
    });
  } catch {
    return "";
  }
  return promise;
}

function configuration(rows: readonly Started[], world: World, socket: string): string {
  return [
    "global",
    "  nbthread 1",
    `  stats socket ${socket} level admin`,
    "defaults",
    "  mode http",
    "  timeout connect 8s",
    "  timeout client 1s",
    "  timeout server 1s",
    ...rows.flatMap(({ row, backend }) => section(row, backend, world)),
    "",
  ].join("\n");
}

function section({ id, check, haproxy }: Behavior, { port }: Backend, world: World): string[] {
  // A timeout that HAProxy must reach is not to be waited for where the check itself does not reach it.
  const timeout = String(haproxy).endsWith("TOUT") ? SHORT : String(check["timeout"]);
  return [
    `backend ${id}`,
    `  timeout check ${timeout}`,
    ...rules(check),
    `  server s 127.0.0.1:${port} check inter ${INTERVAL} fall 1 rise 1${tls(check, world)}`,
  ];
}

function rules(check: Behavior["check"]): string[] {
  if (check.checker_type === "tcp") return tcpRules(check);
  const { method, path, host, headers } = httpHead(check);
  const fields = [["Host", host] as const, ...headers].map(
    ([name, value]) => ` hdr ${name} ${quoted(value)}`,
  );
  const codes = check["expected_codes"] as readonly number[] | undefined;
  const expected = check["response"] as string | undefined;
  return [
    "  option httpchk",
    `  http-check send meth ${method} uri ${path} ver HTTP/1.1${fields.join("")}`,
    codes === undefined
      ? "  http-check expect rstatus ^[0-9]"
      : `  http-check expect rstatus ^(${codes.join("|")})$`,
    ...(expected === undefined ? [] : [`  http-check expect rstring ^${expected}`]),
  ];
}

function tcpRules(check: Behavior["check"]): string[] {
  const hex = (text: string, bytes: string) => {
    const value =
      check[bytes] ??
      (check[text] === undefined ? undefined : Buffer.from(String(check[text])).toString("hex"));
    return value === undefined ? undefined : String(value).toUpperCase();
  };
  const [send, receive] = [hex("send", "send_hex"), hex("receive", "receive_hex")];
  if (send === undefined && receive === undefined) return [];
  return [
    "  option tcp-check",
    "  tcp-check connect default",
    ...(send === undefined ? [] : [`  tcp-check send-binary ${send}`]),
    `  tcp-check expect rbinary ^${receive ?? ".."}`,
  ];
}

function tls(check: Behavior["check"], { pki }: World): string {
  if (!isSecure(check)) return "";
  const name = serverName(check);
  const sni = name === undefined ? "" : ` check-sni ${name}`;
  if (check["tls_verify"] === false) return ` check-ssl verify none${sni}`;
  return ` check-ssl verify required ca-file ${pki.trustedFile}${sni}${name === undefined ? "" : ` verifyhost ${name}`}`;
}

function quoted(value: string): string {
  return `"${value.replaceAll('"', '\\"')}"`;
}
