/** Names that DNS checks ask for, as they go over the wire: international ones, the root, and those with a dot at their end. Run by `bun test`. */

import { expect, test } from "bun:test";
import { verdicts } from "../harness/backends/check-table.ts";
import { rawReply, startLiar } from "../harness/backends/rogue-dns-server.ts";
import { dnsCheck } from "../harness/client/checks.ts";

const HEADER_BYTES = 12;
const NS = 2;
/** A nameserver's record for the name that was asked for. */
const NS_RECORD = [0xc0, HEADER_BYTES, 0, NS, 0, 1, 0, 0, 0, 60, 0, 4, 2, 110, 115, 0];

test("daemon: dns: the root, international names and whole names are asked for as DNS has them", async () => {
  const asked = new Map<string, string>();
  const asking = async (name: string) => {
    const server = await startLiar(({ query, say }) => {
      asked.set(name, query.subarray(HEADER_BYTES, -4).toString("latin1"));
      say(rawReply(query, NS_RECORD));
    });
    const fields = { ip: server.hostname, port: server.port, interval: "60s", query_type: "NS" };
    return { server, check: (id: number) => dnsCheck(id, name, fields) };
  };
  await using stack = new AsyncDisposableStack();
  const checks: Record<string, (id: number) => string> = {};
  for (const name of [".", "grün.example", "_a.Grün.example.", "_sip._tcp.Example.", "grün/x.example"]) {
    const { server, check } = await asking(name);
    stack.use(server);
    checks[name] = check;
  }
  const found = await verdicts(checks);
  const shown = Object.entries(found).map(([name, words]) => [name, words.replace(/@\S+/, "@")]);
  expect(Object.fromEntries(shown)).toEqual({
    ".": "healthy L7OK DNS NS . @ answered ns",
    "grün.example": "healthy L7OK DNS NS xn--grn-ioa.example @ answered ns",
    "_a.Grün.example.": "healthy L7OK DNS NS _a.xn--grn-ioa.example @ answered ns",
    "_sip._tcp.Example.": "healthy L7OK DNS NS _sip._tcp.Example @ answered ns",
    "grün/x.example": "refused",
  });
  expect(Object.fromEntries(asked)).toEqual({
    ".": "\0",
    "grün.example": "\x0bxn--grn-ioa\x07example\0",
    "_a.Grün.example.": "\x02_a\x0bxn--grn-ioa\x07example\0",
    "_sip._tcp.Example.": "\x04_sip\x04_tcp\x07Example\0",
  });
});
