/** curl as a reference: one request for each row, with the request line, the names and the authorities of the row's check. */
import { peerPath } from "../harness/base/peers.ts";
import { readToEnd } from "../harness/base/process.ts";
import { type Behavior, OTHER_BODY, SHORT, type World } from "./behavior.ts";
import type { Started } from "./haproxy.ts";
import { httpHead, isSecure, seconds, serverName } from "./request.ts";

/** The exit status of a curl that ran into its limit; such a row is not waited for longer than needed. */
const TIMED_OUT = "28";
/** Runs at a time: most of them wait. */
const MAX_RUNNING = 8;

/** Runs curl for each row, and gives the cell of each: `0 200`, `28`; several at a time. */
export async function runCurl(rows: readonly Started[], world: World): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const left = [...rows];
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      found.set(next.row.id, await run(next, world));
    }
  };
  await Promise.all(Array.from({ length: MAX_RUNNING }, worker));
  return found;
}

async function run({ row: { check, curl }, backend }: Started, world: World): Promise<string> {
  const child = Bun.spawn(
    [
      peerPath("curl"),
      ...parameters(check, backend.port, curl === TIMED_OUT ? SHORT : check["timeout"], world),
    ],
    {
      env: {},
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const { out: body, err: code, status } = await readToEnd(child);
  if (status !== 0) return `${status}`;
  const expected = check["response"];
  const other = typeof expected === "string" && !body.startsWith(expected);
  return `0 ${Number(code)}${other ? OTHER_BODY : ""}`;
}

function parameters(check: Behavior["check"], port: number, timeout: unknown, { pki }: World): string[] {
  const { method, path, host, headers } = httpHead(check);
  const overTls = isSecure(check);
  const name = overTls ? (serverName(check) ?? "127.0.0.1") : "127.0.0.1";
  const bare = name.replace(/\.$/, "");
  const limit = seconds(timeout);
  return [
    ...[
      "--silent",
      "--http1.1",
      "--max-time",
      `${limit}`,
      "--write-out",
      "%{stderr}%{http_code}",
      "--path-as-is",
    ],
    ...methodParameters(method),
    ...["--header", `Host: ${host}`, "--header", "Connection: close"],
    ...headers.flatMap(([header, value]) => ["--header", `${header}: ${value}`]),
    ...(name === "127.0.0.1"
      ? []
      : ["--resolve", `${bare}:${port}:127.0.0.1`, "--resolve", `${name}:${port}:127.0.0.1`]),
    ...(check["tls_verify"] === false ? ["--insecure"] : ["--cacert", pki.trustedFile]),
    ...(path === "*" ? ["--request-target", "*"] : []),
    `${overTls ? "https" : "http"}://${name}:${port}${path === "*" ? "/" : path}`,
  ];
}

/** An empty body where a method has one: curl sends its length then, as a check does. */
function methodParameters(method: string): string[] {
  if (method === "HEAD") return ["--head"];
  return method === "POST" ? ["--data", ""] : ["--request", method];
}
