/** Dependencies of the program, as bun.lock has them: the packages that are needed at run time, and the runtime. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../build/source.ts";

/** A package of npm's registry. */
export interface Package {
  /** Its place in bun.lock, `pino` or `pino/sonic-boom`. */
  readonly key: string;
  readonly name: string;
  readonly version: string;
  /** SHA-512 of its archive, as Subresource Integrity writes it: `sha512-…`. */
  readonly integrity: string;
  /** Dependencies of a package, by `key`. */
  readonly needs: readonly string[];
}

/** License information from package.json and the license file. */
export interface License {
  /** An SPDX identifier or expression. */
  readonly id: string;
  readonly text: string;
}

/** An entry of `packages` in bun.lock. */
type Entry = readonly [
  nameAndVersion: string,
  registry: string,
  details: { readonly dependencies?: Readonly<Record<string, string>> },
  integrity: string,
];

interface Lock {
  readonly workspaces: { readonly "": { readonly dependencies: Readonly<Record<string, string>> } };
  readonly packages: Readonly<Record<string, Entry>>;
}

/** The file is Bun's own, and what it holds is checked as it is used. */
const readLock = () => Bun.JSONC.parse(readFileSync(join(ROOT, "bun.lock"), "utf8")) as Lock;

/**
 * Every package that is needed at run time, in the order of their keys.
 *
 * @throws Error when bun.lock lacks one
 */
export function neededPackages(): Package[] {
  const { workspaces, packages } = readLock();
  const found = new Map<string, Package>();
  const visit = (key: string): void => {
    if (found.has(key)) return;
    const { dependencies = {} } = packages[key]?.[2] ?? {};
    const needs = Object.keys(dependencies).map((name) => keyOf(packages, key, name));
    found.set(key, { ...identity(packages, key), needs: needs.sort() });
    for (const needed of needs) visit(needed);
  };
  for (const name of Object.keys(workspaces[""].dependencies)) visit(name);
  return [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/**
 * The package that a target's runtime comes from.
 *
 * @throws Error when bun.lock lacks it
 */
export function runtimePackage(name: string): Package {
  return { ...identity(readLock().packages, name), needs: [] };
}

/**
 * A package's license, from node_modules.
 *
 * @throws Error when it has none: then it may not be passed on
 */
export function licenceOf({ key, name }: Package): License {
  const place = join(ROOT, placeOf(key));
  // The cast restates that it is an object; a license that is not a string is detected below.
  const { license } = JSON.parse(readFileSync(join(place, "package.json"), "utf8")) as { license?: unknown };
  const files = readdirSync(place).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  if (typeof license !== "string" || files.length === 0)
    throw new Error(`${name}: has no license (${place})`);
  const texts = files.sort().map((file) => readFileSync(join(place, file), "utf8").trim());
  return { id: license, text: texts.join("\n\n") };
}

/** Directory of an installed package, below the top of the tree. @param key - its key in bun.lock */
export function placeOf(key: string): string {
  return join(...namesIn(key).flatMap((part) => ["node_modules", part]));
}

/** `@scope/a/b` is the package b inside the package @scope/a. */
function namesIn(key: string): string[] {
  return key.match(/@[^/]+\/[^/]+|[^/]+/g) ?? [];
}

/** Finds a dependency of a package: inside the package, inside one around it, or at the top. */
function keyOf(packages: Lock["packages"], from: string, name: string): string {
  for (let around = namesIn(from); around.length > 0; around = around.slice(0, -1)) {
    const key = [...around, name].join("/");
    if (packages[key] !== undefined) return key;
  }
  return name;
}

function identity(packages: Lock["packages"], key: string): Omit<Package, "needs"> {
  const [nameAndVersion = "", , , integrity = ""] = packages[key] ?? [];
  const [, name, version] = /^(.+)@([^@]+)$/.exec(nameAndVersion) ?? [];
  if (name === undefined || version === undefined || !integrity.startsWith("sha512-"))
    throw new Error(`bun.lock: has no package ${key} with a version and a SHA-512`);
  return { key, name, version, integrity };
}
