/** Dockerfile and compose files, as linters see them, and as far as they repeat what stands elsewhere. Run by `bun test`. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { validate } from "dockerfile-utils";
import { parse } from "yaml";
import { description, devDependencies, license, version } from "../../package.json";
import { readImage } from "../support/image.ts";

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

test.each(["examples/docker-compose.yml", "examples/monitoring/docker-compose.yml"])(
  "%s: a linter finds nothing",
  (file) => {
    const rules = NOT_RULES.flatMap((rule) => ["--disable-rule", rule]);
    const dclint = join(TOP, "node_modules", ".bin", "dclint");
    const lint = Bun.spawnSync([
      process.execPath,
      dclint,
      join(TOP, file),
      ...["--max-warnings", "0"],
      ...rules,
    ]);
    expect(`${lint.stdout}${lint.stderr}`.trim()).toBe("");
    expect(lint.exitCode).toBe(0);
  },
  20_000,
);

test("Dockerfile: it builds with the Bun of package.json, and its labels say what package.json says", () => {
  expect(DOCKERFILE).toContain(`\nFROM oven/bun:${devDependencies.bun}-debian AS build\n`);
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

test("docker-compose.yml: the client's healthchecks aim at the backend's address", () => {
  const compose = parse(readFileSync(join(TOP, "examples/docker-compose.yml"), "utf8"));
  const update = JSON.parse(readFileSync(join(TOP, "examples/container/update.json"), "utf8"));
  const address = compose.services.backend.networks.checked.ipv4_address;
  expect(update.configs.map(({ ip }: { ip: string }) => ip)).toEqual([address, address]);
});
