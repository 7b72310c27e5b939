/** The packages that the executable contains, as the bundler accounts for its output. Called by the release. */
import { join } from "node:path";
import { ROOT } from "../build/source.ts";
import { neededPackages, type Package } from "./dependencies.ts";

/** The program, and the status page that it serves. */
const ENTRIES = [
  { file: "src/main.ts", target: "bun" },
  { file: "src/http/page/main.tsx", target: "browser" },
] as const;

/**
 * The packages that at least one byte of the bundle comes from. A dependency that the bundler has dropped is not
 * among them; its dependents then depend on its dependencies.
 *
 * @throws Error when the bundler fails, or takes a package that bun.lock does not name
 */
export async function packagesInside(): Promise<Package[]> {
  const keys = new Set<string>();
  for (const { file, target } of ENTRIES) for (const key of await bundledKeys(file, target)) keys.add(key);
  const needed = new Map(neededPackages().map((one) => [one.key, one]));
  const unknown = [...keys].filter((key) => !needed.has(key));
  if (unknown.length > 0) throw new Error(`bun.lock: does not name ${unknown.join(", ")}`);
  return [...needed.values()]
    .filter(({ key }) => keys.has(key))
    .map((one) => ({ ...one, needs: nearestInside(one.needs, keys, needed) }));
}

async function bundledKeys(file: string, target: "bun" | "browser"): Promise<string[]> {
  const built = await Bun.build({ entrypoints: [join(ROOT, file)], target, minify: true, metafile: true });
  const outputs = Object.values(built.metafile?.outputs ?? {});
  const inputs = outputs.flatMap(({ inputs }) => Object.entries(inputs));
  return inputs.flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? keysOf(path) : []));
}

/** The key in bun.lock of the package that a file belongs to; none for our own files. */
function keysOf(path: string): string[] {
  const parts = path.split(/(?:^|\/)node_modules\//).slice(1);
  const names = parts.map((part) => /^(?:@[^/]+\/)?[^/]+/.exec(part)?.[0] ?? "");
  return names.length === 0 ? [] : [names.join("/")];
}

/** Needs with those that are not inside replaced by their own needs. */
function nearestInside(
  needs: readonly string[],
  inside: ReadonlySet<string>,
  needed: ReadonlyMap<string, Package>,
): string[] {
  const [found, seen] = [new Set<string>(), new Set<string>()];
  const visit = (key: string): void => {
    if (seen.has(key)) return;
    seen.add(key);
    if (inside.has(key)) found.add(key);
    else needed.get(key)?.needs.forEach(visit);
  };
  needs.forEach(visit);
  return [...found].sort();
}
