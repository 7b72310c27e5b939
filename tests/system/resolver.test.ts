/** The resolver's files: read when they change, in slices, and kept when they cannot be read. */
import { expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ResolverOptions, SystemResolver } from "../../src/system/resolver.ts";
import { Slice } from "../../src/system/time-slicing.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { times } from "../harness/client/checks.ts";

const LOCAL = { ip: "127.0.0.1", port: 53 };

/** A resolver with files of its own, and a clock that the test moves. */
class Fixture implements AsyncDisposable {
  readonly dir = makeTempDir("resolv");
  readonly conf = join(this.dir.path, "resolv.conf");
  readonly hosts = join(this.dir.path, "hosts");
  readonly resolver: SystemResolver;
  nowMs = 0;

  constructor(options: ResolverOptions = {}) {
    const clock = { nowMs: () => this.nowMs, wallMs: () => 0 };
    this.resolver = new SystemResolver(clock, { confPath: this.conf, hostsPath: this.hosts, ...options });
  }

  /** The files as a check finds them that starts now, when it waits for reading. */
  async files(resolver = this.resolver) {
    resolver.files();
    await resolver.ready();
    const files = resolver.files();
    if (files === undefined) throw new Error("nothing was read");
    return files;
  }

  async addresses(name: string) {
    const { hosts } = await this.files();
    return [...hosts.addresses(name, 4), ...hosts.addresses(name, 6)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dir[Symbol.asyncDispose]();
  }
}

test("resolver: reads its files again when they have changed, and looks at most once a second", async () => {
  await using fixture = new Fixture();
  const servers = async () => (await fixture.files()).conf.servers;
  expect(await servers()).toEqual([LOCAL]);
  expect(await fixture.addresses("www.example.com")).toEqual([]);
  writeFileSync(fixture.conf, "nameserver 10.0.0.53\n");
  writeFileSync(fixture.hosts, "10.0.0.1 www.example.com\n");
  fixture.nowMs = 999;
  expect(await servers()).toEqual([LOCAL]);
  fixture.nowMs = 1_000;
  expect(await servers()).toEqual([{ ip: "10.0.0.53", port: 53 }]);
  expect(await fixture.addresses("WWW.example.com.")).toEqual(["10.0.0.1"]);
  rmSync(fixture.hosts);
  fixture.nowMs = 2_000;
  expect(await fixture.addresses("www.example.com")).toEqual([]);
});

test("resolver: missing files count as empty immediately", () => {
  const fixture = new Fixture();
  expect(fixture.resolver.files()?.conf.servers).toEqual([LOCAL]);
});

test("resolver: what cannot be read counts as empty at first, and as it was later", async () => {
  await using fixture = new Fixture();
  mkdirSync(fixture.hosts);
  expect(await fixture.addresses("a.test")).toEqual([]);
  rmSync(fixture.hosts, { recursive: true });
  writeFileSync(fixture.hosts, "10.0.0.1 a.test\n");
  fixture.nowMs = 1_000;
  expect(await fixture.addresses("a.test")).toEqual(["10.0.0.1"]);
  rmSync(fixture.hosts);
  mkdirSync(fixture.hosts);
  fixture.nowMs = 2_000;
  expect(await fixture.addresses("a.test")).toEqual(["10.0.0.1"]);
});

test("resolver: option rotate starts each lookup with another server", async () => {
  await using fixture = new Fixture();
  writeFileSync(fixture.conf, "nameserver 10.0.0.1\nnameserver 10.0.0.2\noptions rotate\n");
  const { conf } = await fixture.files();
  const firsts = times(3, () =>
    fixture.resolver
      .serversInTurn(conf)
      .map(({ ip }) => ip.at(-1))
      .join(""),
  );
  expect(firsts).toEqual(["12", "21", "12"]);
});

/** A slice on a clock that says one millisecond more each time it is looked at; counts the steps between two turns. */
class CountedSlice extends Slice {
  static nowMs = 0;
  steps = 0;
  maxSteps = 0;
  turns = 0;

  constructor() {
    super(() => CountedSlice.nowMs++);
  }

  override get over(): boolean {
    this.steps++;
    return super.over;
  }

  override async next(): Promise<void> {
    this.maxSteps = Math.max(this.maxSteps, this.steps);
    this.steps = 0;
    this.turns++;
    await super.next();
  }
}

const NAMES = 20_000;
/** Looks of the clock in a slice, each after 16 steps, and the step that finds it over. */
const MAX_STEPS = 6 * 16;

test.each<[string, (count: number) => string]>([
  ["a name on each line", (count) => times(count, (index) => `10.0.0.1 n${index}.test\n`).join("")],
  [
    "one name on every line",
    (count) => times(count, (index) => `10.0.${index >> 8}.${index & 255} same.test\n`).join(""),
  ],
  ["one line", (count) => `10.0.0.1 ${times(count, (index) => `n${index}.test`).join(" ")}`],
  ["empty lines", (count) => "\n".repeat(count)],
])(
  "resolver: a large hosts file is read in slices, and the old one serves meanwhile: %s",
  async (_name, text) => {
    const slices: CountedSlice[] = [];
    const newSlice = () => {
      const slice = new CountedSlice();
      slices.push(slice);
      return slice;
    };
    await using fixture = new Fixture({ newSlice });
    writeFileSync(fixture.hosts, "10.9.9.9 old.test\n");
    expect(await fixture.addresses("old.test")).toEqual(["10.9.9.9"]);
    writeFileSync(fixture.hosts, `${text(NAMES)}\n10.8.8.8 new.test\n`);
    fixture.nowMs = 1_000;
    expect(fixture.resolver.files()?.hosts.addresses("old.test", 4)).toEqual(["10.9.9.9"]);
    expect(await fixture.addresses("new.test")).toEqual(["10.8.8.8"]);
    expect(await fixture.addresses("old.test")).toEqual([]);
    const slice = slices.at(-1);
    expect(slice?.maxSteps).toBeLessThanOrEqual(MAX_STEPS);
    expect(slice?.turns).toBeGreaterThanOrEqual(NAMES / MAX_STEPS);
  },
);

test("resolver: a long comment and a long token are read in slices too, and a token that is not a name is skipped", async () => {
  let looks = 0;
  await using fixture = new Fixture({ newSlice: () => new Slice(() => looks++) });
  writeFileSync(
    fixture.hosts,
    `#${"x".repeat(4_000_000)}\n10.0.0.1 a.test ${"y".repeat(4_000_000)} b.test\n`,
  );
  expect([await fixture.addresses("a.test"), await fixture.addresses("b.test")]).toEqual([
    ["10.0.0.1"],
    ["10.0.0.1"],
  ]);
  expect(looks).toBeGreaterThan(4);
});
