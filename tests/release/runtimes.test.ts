/** The runtimes of other machines: fetched once, and only as bun.lock has them. Run by `bun test`. */
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { fetchRuntime } from "../../scripts/tools/release/runtimes.ts";
import { TARGETS } from "../../scripts/tools/release/targets.ts";
import { freePort } from "../harness/base/ports.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";

function foreign() {
  const target = TARGETS.find(({ name }) => name === "linux-arm64-musl");
  if (target === undefined) throw new Error("there is no such target");
  return target;
}

test("runtimes: an archive that differs from bun.lock is not used, and not kept", async () => {
  await using cache = makeTempDir("runtimes");
  const asked: string[] = [];
  const registry = Bun.serve({
    port: freePort(),
    hostname: "127.0.0.1",
    fetch: (request) => {
      asked.push(new URL(request.url).pathname);
      return new Response("something else");
    },
  });
  const source = { registry: `http://127.0.0.1:${registry.port}/`, cache: cache.path };
  const file = `bun-linux-aarch64-musl-${Bun.version}.tgz`;
  const path = `/@oven/bun-linux-aarch64-musl/-/${file}`;
  await expect(fetchRuntime(foreign(), source)).rejects.toThrow(`${path}: is not what bun.lock says`);
  await registry.stop(true);
  expect(asked).toEqual([path]);
  expect(readdirSync(cache.path)).toEqual([]);
});

test("runtimes: a registry that has none, or is not there, is named", async () => {
  await using cache = makeTempDir("runtimes");
  const registry = Bun.serve({
    port: freePort(),
    hostname: "127.0.0.1",
    fetch: () => new Response("", { status: 404 }),
  });
  const source = { registry: `http://127.0.0.1:${registry.port}`, cache: cache.path };
  await expect(fetchRuntime(foreign(), source)).rejects.toThrow(/^cannot fetch http:\/\/127.*: status 404$/);
  await registry.stop(true);
  const unreachable = { ...source, registry: `http://127.0.0.1:${freePort()}` };
  await expect(fetchRuntime(foreign(), unreachable)).rejects.toThrow("cannot fetch http://127.0.0.1:");
});
