/**
 * The verdict table: every behavior of a backend, met by the compiled executable, by HAProxy and by curl in one run. Each must reach the
 * verdict of the table, and the same one every time. docs/verdicts.md is the table for people. Run by `bun test`.
 */
// alone: measures time: the timeouts of three clients
import { afterAll, beforeAll, expect, test } from "bun:test";
import { hasPeer, peerTest } from "../harness/base/peers.ts";
import { differs, type World } from "./behavior.ts";
import { runCurl } from "./curl.ts";
import { daemonCodes } from "./daemon-codes.ts";
import { DIFFERENCES } from "./differences.ts";
import { type Started, startHaproxy } from "./haproxy.ts";
import { makePki } from "./pki.ts";
import { ROWS } from "./rows.ts";

const LIMIT_MS = 60_000;
const MIN_ROWS = 150;

const stack = new AsyncDisposableStack();
const started: Started[] = [];
let world: World | undefined;

beforeAll(async () => {
  if (!hasPeer("openssl")) return;
  const pki = stack.use(makePki());
  world = { pki };
  for (const row of ROWS) started.push({ row, backend: stack.use(await row.start(world)) });
}, LIMIT_MS);

afterAll(() => stack.disposeAsync());

/** The world that {@link beforeAll} has made. */
function theWorld(): World {
  if (world === undefined) throw new Error("the backends did not start");
  return world;
}

/** The rows that assert something about a reference. */
function asserted(reference: "haproxy" | "curl"): Started[] {
  return started.filter(({ row }) => typeof row[reference] === "string");
}

/** Returns one column of the table, by the id of the row. */
function cells(rows: readonly Started[], column: "wanted" | "haproxy" | "curl"): Record<string, unknown> {
  return Object.fromEntries(rows.map(({ row }) => [row.id, row[column]]));
}

test("verdicts: there are enough rows, each with an id of its own", () => {
  expect(ROWS.length).toBeGreaterThanOrEqual(MIN_ROWS);
  const ids = ROWS.map(({ id }) => id);
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  expect(Object.keys(DIFFERENCES).filter((id) => !ids.includes(id))).toEqual([]);
});

test("verdicts: where a reference differs there is a reason, and no reason where none differs", () => {
  expect(ROWS.filter((row) => differs(row) !== (row.why !== undefined)).map(({ id }) => id)).toEqual([]);
});

peerTest(
  "verdicts: the server reaches the wanted verdict on every row, each time with the same code",
  ["openssl"],
  async () => {
    const found = await daemonCodes(started, theWorld());
    const shown = started.map(({ row }) => {
      const { codes, message } = found.get(row.id) ?? { codes: new Set<string>(), message: "" };
      const code = [...codes].sort().join(" and ");
      return [row.id, code === row.wanted ? code : `${code}: ${message}`];
    });
    expect(Object.fromEntries(shown)).toEqual(cells(started, "wanted"));
  },
  LIMIT_MS,
);

peerTest(
  "verdicts: HAProxy reports the code of the table",
  ["openssl", "haproxy"],
  async () => {
    const rows = asserted("haproxy");
    await using haproxy = await startHaproxy(rows, theWorld());
    const found = [...(await haproxy.codes())].map(([id, codes]) => [id, [...codes].sort().join(" and ")]);
    expect(Object.fromEntries(found)).toEqual(cells(rows, "haproxy"));
  },
  LIMIT_MS,
);

peerTest(
  "verdicts: curl ends with the exit status of the table",
  ["openssl", "curl"],
  async () => {
    const rows = asserted("curl");
    const found = await runCurl(rows, theWorld());
    expect<Record<string, unknown>>(Object.fromEntries(found)).toEqual(cells(rows, "curl"));
  },
  LIMIT_MS,
);
