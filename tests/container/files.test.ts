/** Dockerfile and compose files, as linters see them, and as far as they repeat what stands elsewhere. Run by `bun test`. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { validate } from "dockerfile-utils";
import { parse } from "yaml";
import { description, devDependencies, license, version } from "../../package.json";
import { runCommand } from "../harness/base/command.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { readImage } from "../harness/machines/image.ts";

const TOP = join(import.meta.dir, "..", "..");
const DOCKERFILE = readFileSync(join(TOP, "Dockerfile"), "utf8");
/** Rules of layout, and one that takes a quoted port with a variable for an unquoted one. */
const NOT_RULES = ["service-keys-order", "services-alphabetical-order", "require-quotes-in-ports"];

test("Dockerfile: a linter finds nothing", () => {
  expect(validate(DOCKERFILE)).toEqual([]);
});

test("Dockerfile: the linter would find something", () => {
  expect(validate(`${DOCKERFILE}HEALTHCHECK --interval=soon CMD true\n`).length).toBeGreaterThan(0);
});

function lintCompose(file: string) {
  const rules = NOT_RULES.flatMap((rule) => ["--disable-rule", rule]);
  const dclint = join(TOP, "node_modules", ".bin", "dclint");
  const run = Bun.spawnSync([process.execPath, dclint, file, ...["--max-warnings", "0"], ...rules]);
  return { status: run.exitCode, said: `${run.stdout}${run.stderr}`.trim() };
}

test.each(["examples/docker-compose.yml", "examples/monitoring/docker-compose.yml"])(
  "%s: a linter finds nothing",
  (file) => expect(lintCompose(join(TOP, file))).toEqual({ status: 0, said: "" }),
  20_000,
);

test("docker-compose.yml: the linter would find something", async () => {
  await using dir = makeTempDir("compose");
  const file = join(dir.path, "docker-compose.yml");
  writeFileSync(file, "name: bad\n\nservices:\n  one:\n    image: nginx:1.29-alpine\n    imagine: nothing\n");
  const { status, said } = lintCompose(file);
  expect(status).toBe(1);
  expect(said).toContain("invalid-schema");
}, 20_000);

test("Dockerfile: it builds with the Bun of package.json, and its labels match package.json", () => {
  expect(DOCKERFILE).toContain(`\nARG BUILD_IMAGE=oven/bun:${devDependencies.bun}-debian\n`);
  const { labels, args } = readImage();
  expect(labels).toEqual({
    "org.opencontainers.image.title": "healthcheck-server",
    "org.opencontainers.image.description": description,
    "org.opencontainers.image.licenses": license,
    // The quotes of shell variables: Docker fills them in from the arguments.
    "org.opencontainers.image.version": `\${VERSION}`,
    "org.opencontainers.image.revision": `\${BUILD_REVISION}`,
    "org.opencontainers.image.source": `\${SOURCE}`,
  });
  expect(args["VERSION"]).toBe(version);
});

test("Dockerfile: whatever it copies is let through by .dockerignore", () => {
  const letThrough = readFileSync(join(TOP, ".dockerignore"), "utf8")
    .split("\n")
    .flatMap((line) => (line.startsWith("!") ? [line.slice(1)] : []));
  const copied = [
    "package.json",
    "bun.lock",
    "bunfig.toml",
    "scripts/setup",
    ...readImage().copies.map(({ from }) => from),
  ];
  for (const path of copied)
    expect([path, letThrough.some((one) => path === one || path.startsWith(`${one}/`))]).toEqual([
      path,
      true,
    ]);
});

test("image: its configuration is valid, and names its schema", async () => {
  const file = join(TOP, "examples/container/healthcheck-server.yaml");
  const { status, err } = await runCommand(["check-config", "--strict-config", file]);
  expect([status, err]).toEqual([0, ""]);
  const [, schema = ""] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(file, "utf8")) ?? [];
  expect(existsSync(join(dirname(file), schema))).toBe(true);
});

test("docker-compose.yml: the client's healthchecks aim at the backend's address", () => {
  const compose = parse(readFileSync(join(TOP, "examples/docker-compose.yml"), "utf8"));
  const update = JSON.parse(readFileSync(join(TOP, "examples/container/update.jsonl"), "utf8"));
  const address = compose.services.backend.networks.checked.ipv4_address;
  expect(update.configs.map(({ ip }: { ip: string }) => ip)).toEqual([address, address]);
});
