/** Starts backends that speak first, in another network. Called by the tests of what connections do on a real interface. */
import { join } from "node:path";
import { startChild } from "../base/child.ts";
import type { End } from "../machines/link.ts";

/** Their ports. */
export interface BannerPorts {
  /** Accepts and resets. */
  readonly resets: number;
  /** Sends `220 ready` and resets. */
  readonly bannerThenReset: number;
  /** Sends `220 ready`, 10 bytes, and waits. */
  readonly shortBanner: number;
  /** Sends 100 kB that begin with `220 ready`, and waits. */
  readonly longBanner: number;
}

/** Running backends; disposing ends them. */
export interface Banners extends AsyncDisposable {
  readonly ports: BannerPorts;
}

/** Starts them at one end of a cable. @throws Error when they do not start within 10 s */
export async function startBanners({ address, prefix }: End): Promise<Banners> {
  const script = join(import.meta.dir, "banner-process.ts");
  const child = await startChild([...prefix, process.execPath, script, address], "the ports of the banners");
  // The cast names what our own program writes.
  const ports = JSON.parse(child.first) as BannerPorts;
  return { ports, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}
