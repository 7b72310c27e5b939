/** /metrics: clients that do not read to the end, and renderings that do not come to theirs. */
import { expect, test } from "bun:test";
import { until } from "../harness/base/wait.ts";
import { connectHttp, get } from "../harness/client/raw-http.ts";
import { startHttp } from "../harness/fakes/http-fixture.ts";

const PIECE = Buffer.alloc(60_000, "x");

/** Endless metrics, and what has become of them. */
function endless() {
  const seen = { pieces: 0, ended: false };
  async function* pieces(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        seen.pieces++;
        yield PIECE;
      }
    } finally {
      seen.ended = true;
    }
  }
  return { seen, render: () => pieces() };
}

test.each([["identity"], ["gzip"]])(
  "metrics handler: who does not read (%s) makes rendering wait",
  async (encoding) => {
    const { seen, render } = endless();
    using fixture = await startHttp({ render });
    await using http = await connectHttp(fixture.port, false);
    http.pause();
    http.write(get("/metrics", `Accept-Encoding: ${encoding}`));
    let before = -1;
    // Stays paused for a while.
    await until(
      async () => {
        const same = seen.pieces > 0 && before === seen.pieces;
        before = seen.pieces;
        await Bun.sleep(100);
        return same && before === seen.pieces;
      },
      4_000,
      () => `rendering to pause after ${seen.pieces} pieces`,
    );
    expect(seen.ended).toBe(false);
    // Only the buffers of the system are full.
    if (encoding === "identity") expect(seen.pieces * PIECE.length).toBeLessThan(30e6);
    http.resume();
    await until(() => seen.pieces > before + 100, 2_000, "rendering to continue");
  },
);

test.each([["identity"], ["gzip"]])(
  "metrics handler: who leaves (%s) ends the rendering, without a word in the log",
  async (encoding) => {
    const { seen, render } = endless();
    using fixture = await startHttp({ render });
    const http = await connectHttp(fixture.port, false);
    http.write(get("/metrics", `Accept-Encoding: ${encoding}`));
    await until(() => http.bytes > 10_000, 2_000, "some of it");
    await http[Symbol.asyncDispose]();
    await until(() => seen.ended, 2_000, "rendering to end");
    expect(fixture.log.entries).toEqual([]);
  },
);

test("metrics handler: a fault in the middle cuts the answer off, is logged, and the next scrape works", async () => {
  let broken = true;
  using fixture = await startHttp({
    render: (format) =>
      (async function* () {
        yield Buffer.from(format);
        await Bun.sleep(1);
        if (broken) throw new Error("broken");
      })(),
  });
  await using http = await connectHttp(fixture.port);
  http.write(get("/metrics"));
  expect(await http.waitForClose()).not.toEndWith("0\r\n\r\n");
  expect(fixture.log.messages("error")).toEqual(["HTTP handler failed"]);
  broken = false;
  expect((await fixture.ask("/metrics")).status).toBe(200);
});

const BROKEN_EARLY: readonly [string, () => AsyncGenerator<Uint8Array>][] = [
  [
    "before it renders",
    () => {
      throw new Error("broken");
    },
  ],
  [
    "before the first piece",
    // biome-ignore lint/correctness/useYield: it throws before.
    async function* () {
      throw new Error("broken");
    },
  ],
];

// src/http/metrics-handler.ts: the pipeline destroys the response; and a 500 in JSON is said to be gzip.
test.each(BROKEN_EARLY)("metrics handler: a fault %s is a 500 that can be read", async (_when, render) => {
  using fixture = await startHttp({ render });
  const { status, headers, body } = await fixture.ask("/metrics", "Accept-Encoding: gzip");
  expect([status, headers.get("content-encoding")]).toEqual([500, undefined]);
  expect(JSON.parse(body)).toEqual({ error: "internal error; see the log" });
});
