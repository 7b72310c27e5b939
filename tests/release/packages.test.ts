/**
 * Contents of a release: the tarball, its checksums, its bill of materials and the licenses of others. Run by `bun
 * test`.
 */
// alone: its files share one release
import { afterAll, beforeAll, expect } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { dependencies, version } from "../../package.json";
import { ROOT } from "../../scripts/tools/build/source.ts";
import { sha256 } from "../../scripts/tools/release/checksums.ts";
import { neededPackages } from "../../scripts/tools/release/dependencies.ts";
import { hasPeer, peerTest } from "../harness/base/peers.ts";
import { makeTempDir, type TempDir } from "../harness/base/tempdir.ts";
import { daemonPath } from "../harness/daemon/executable.ts";
import { NATIVE, RELEASE_LIMIT_MS, sharedRelease } from "./release.ts";

const NAME = `healthcheck-server-${version}-${NATIVE?.name}`;

let dir = "";
let unpacked: TempDir | undefined;

beforeAll(() => {
  if (!hasPeer("dpkg-deb")) return;
  dir = sharedRelease();
  unpacked = makeTempDir("unpacked");
  Bun.spawnSync(["tar", "-xzf", join(dir, `${NAME}.tar.gz`), "-C", unpacked.path]);
}, RELEASE_LIMIT_MS);

afterAll(() => unpacked?.remove());

const inTarball = (path: string) => join(unpacked?.path ?? "", NAME, path);

interface Bill {
  readonly metadata: { readonly component: { readonly hashes: readonly { readonly content: string }[] } };
  readonly components: readonly {
    readonly purl: string;
    readonly components?: readonly { readonly name: string; readonly version?: string }[];
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

peerTest(
  "release: the tarball has the executable, the unit, the examples and the licences",
  ["dpkg-deb"],
  () => {
    expect(readdirSync(inTarball(".."))).toEqual([NAME]);
    for (const path of [
      "README.md",
      "LICENSE",
      "docs",
      "examples",
      "examples/systemd/healthcheck-server.service",
      "examples/systemd/healthcheck-server-net-raw.conf",
      "man/healthcheck-server.8",
      "completions/healthcheck-server.bash",
    ])
      expect([path, existsSync(inTarball(path))]).toEqual([path, true]);
    expect(statSync(inTarball("healthcheck-server")).mode & 0o777).toBe(0o755);
    expect(statSync(inTarball("LICENSE")).mode & 0o777).toBe(0o644);
    const run = Bun.spawnSync([inTarball("healthcheck-server"), "--version"], { cwd: "/" });
    expect(run.stdout.toString()).toStartWith(`healthcheck-server ${version} (revision `);
  },
);

peerTest("release: the files of the tarball belong to root, and they are sorted", ["dpkg-deb"], () => {
  const list = Bun.spawnSync(["tar", "--numeric-owner", "-tvzf", join(dir, `${NAME}.tar.gz`)], {
    env: { ...process.env, TZ: "UTC" },
  });
  const lines = list.stdout.toString().trimEnd().split("\n");
  const times = new Set(lines.map((line) => line.trim().split(/\s+/).slice(3, 5).join(" ")));
  expect(times.size).toBe(1);
  expect(lines.filter((line) => line.trim().split(/\s+/)[1] !== "0/0")).toEqual([]);
});

peerTest("release: sha256sum -c agrees with SHA256SUMS, which names every file", ["dpkg-deb"], () => {
  const check = Bun.spawnSync(["sha256sum", "--strict", "-c", "SHA256SUMS"], { cwd: dir });
  expect(check.exitCode).toBe(0);
  const named = readFileSync(join(dir, "SHA256SUMS"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => line.slice(66));
  expect(named).toEqual(
    readdirSync(dir)
      .filter((name) => name !== "SHA256SUMS")
      .sort(),
  );
});

peerTest("sbom: it is valid CycloneDX 1.6, of this very executable", ["dpkg-deb"], async () => {
  const text = readFileSync(join(dir, `${NAME}.cdx.json`), "utf8");
  expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)).toBeNull();
  expect(text).toBe(readFileSync(inTarball("healthcheck-server.cdx.json"), "utf8"));
  // The cast names what the schema has just been held against.
  const bill = JSON.parse(text) as Bill;
  expect(bill.metadata.component.hashes.map(({ content }) => content)).toEqual([
    sha256(inTarball("healthcheck-server")),
  ]);
  const program = bill.dependencies.find(({ ref }) => ref === `healthcheck-server@${version}`);
  const direct = Object.entries(dependencies).map(
    ([name, exact]) => `pkg:npm/${name.replace("@", "%40")}@${exact}`,
  );
  expect(program?.dependsOn).toEqual(expect.arrayContaining(direct));
  expect(bill.components.map(({ purl }) => purl)).toContain(
    `pkg:npm/${NATIVE?.runtime.replace("@", "%40")}@${Bun.version}`,
  );
});

/** The packages whose files a bundle is made of. */
async function packagesOf(entry: string, target: "bun" | "browser"): Promise<string[]> {
  const built = await Bun.build({ entrypoints: [join(ROOT, entry)], target, sourcemap: "external" });
  const map = built.outputs.find(({ kind }) => kind === "sourcemap");
  if (map === undefined) throw new Error(`${entry}: has no source map`);
  // The cast names what a source map is (ECMA-426).
  const { sources } = (await map.json()) as { readonly sources: readonly string[] };
  const names = sources.flatMap(
    (path) => /^(?:.*\/)?node_modules\/(@[^/]+\/[^/]+|[^/]+)/.exec(path)?.[1] ?? [],
  );
  return [...new Set(names)];
}

peerTest(
  "sbom and licenses: they name every package that the bundler puts in, and no other",
  ["dpkg-deb"],
  async () => {
    const inside = [
      ...(await packagesOf("src/main.ts", "bun")),
      ...(await packagesOf("src/http/page/main.tsx", "browser")),
    ];
    expect(inside).toContain("pino");
    expect(inside).toContain("preact");
    // The cast names what the schema has been held against above.
    const bill = JSON.parse(readFileSync(inTarball("healthcheck-server.cdx.json"), "utf8")) as Bill;
    const versions = new Map(neededPackages().map((one) => [one.name, one.version]));
    const purls = [...new Set(inside)].map(
      (name) => `pkg:npm/${name.replace("@", "%40")}@${versions.get(name)}`,
    );
    const runtime = `pkg:npm/${NATIVE?.runtime.replace("@", "%40")}@${Bun.version}`;
    expect(bill.components.map(({ purl }) => purl).sort()).toEqual([runtime, ...purls].sort());
    const licenses = readFileSync(inTarball("THIRD-PARTY-LICENSES.txt"), "utf8");
    for (const name of inside) expect(licenses).toContain(`${name} ${versions.get(name)} (`);
    // Needed by others, and dropped by the bundler.
    for (const name of ["undici-types", "@types/node", "split2"]) {
      expect(versions.has(name)).toBe(true);
      expect(licenses).not.toContain(`${name} ${versions.get(name)} (`);
    }
  },
);

peerTest(
  "sbom and licenses: they name the parts of the runtime with versions, and have the text of each license",
  ["dpkg-deb"],
  () => {
    // The cast names what the schema has been held against above.
    const bill = JSON.parse(readFileSync(inTarball("healthcheck-server.cdx.json"), "utf8")) as Bill;
    const runtime = bill.components.find(({ purl }) => purl.includes("%40oven/bun-"));
    const parts = new Map(runtime?.components?.map(({ name, version }) => [name, version]));
    expect(parts.get("SQLite")).toBe(process.versions["sqlite"]);
    expect(parts.get("ICU")).toBe(process.versions["icu"]);
    expect(parts.get("JavaScriptCore and parts of WebKit")).toBe(process.versions["webkit"]);
    const licenses = readFileSync(inTarball("THIRD-PARTY-LICENSES.txt"), "utf8");
    for (const [name, version] of parts)
      expect(licenses).toContain(`${name}${version === undefined ? "" : ` ${version}`} (`);
    for (const words of [
      "GNU LESSER GENERAL PUBLIC LICENSE",
      "GNU LIBRARY GENERAL PUBLIC LICENSE",
      "UNICODE LICENSE V3",
      "Apache License",
      "The author disclaims copyright to this source code",
    ])
      expect(licenses).toContain(words);
    // What the runtime says of its parts, and nothing of which is left out: languages, interfaces and node's own numbers are no works inside.
    const others = ["node", "bun", "openssl", "zig", "v8", "uv", "napi", "unicode", "typescript", "modules"];
    const stated = Object.entries(process.versions).filter(([name]) => !others.includes(name));
    expect(stated.filter(([, version]) => ![...parts.values()].includes(version))).toEqual([]);
  },
);

peerTest(
  "notices: those of the image are those of the packages, of the executable that is built",
  ["dpkg-deb"],
  async () => {
    const executable = daemonPath();
    await using dir = makeTempDir("notices");
    const script = [
      process.execPath,
      join(ROOT, "scripts", "tools", "release", "main.ts"),
      "--notices",
      dir.path,
    ];
    expect(Bun.spawnSync(script).exitCode).toBe(0);
    const text = (name: string) => readFileSync(join(dir.path, name), "utf8");
    expect(text("THIRD-PARTY-LICENSES.txt")).toBe(
      readFileSync(inTarball("THIRD-PARTY-LICENSES.txt"), "utf8"),
    );
    expect(
      await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(
        text("healthcheck-server.cdx.json"),
      ),
    ).toBeNull();
    // The cast names what the schema has just been held against.
    const bill = JSON.parse(text("healthcheck-server.cdx.json")) as Bill;
    expect(bill.metadata.component.hashes.map(({ content }) => content)).toEqual([sha256(executable)]);
  },
);
