/**
 * The system's resolver as it is configured: /etc/hosts and the name servers of /etc/resolv.conf. Asking is the dns
 * checker's business. `getaddrinfo` is not used: it cannot be given up, blocks a thread for each dead name server,
 * and so would make healthy checks wait for dead ones.
 *
 * The files are read again when they have changed, looked at no more than once a second.
 */
import { statSync } from "node:fs";
import { asciiName, withoutLastDot } from "../model/domain-name.ts";
import type { Address } from "../model/spec.ts";
import type { Clock } from "./clock.ts";
import { canonicalIp } from "./sockaddr.ts";
import { readTextFile } from "./text-file.ts";

/** resolv.conf(5), as far as it matters here. */
export interface ResolvConf {
  readonly servers: readonly Address[];
  /** Appended to short names. */
  readonly search: readonly string[];
  /** A name with at least this many dots is tried as it is first. */
  readonly ndots: number;
}

/** Addresses by lower-case name, from hosts(5). */
export type Hosts = ReadonlyMap<string, readonly string[]>;

const LOOK_AGAIN_MS = 1_000;
const MOST_SERVERS = 3; // MAXNS of resolv.h

/** Reads resolv.conf(5); without a name server in it the local one is meant. */
export function parseResolvConf(text: string): ResolvConf {
  const servers: Address[] = [];
  let search: string[] = [];
  let ndots = 1;
  for (const words of lines(text)) {
    const [keyword, ...values] = words;
    const ip = canonicalIp(values[0] ?? "");
    if (keyword === "nameserver" && ip !== undefined && servers.length < MOST_SERVERS)
      servers.push({ ip, port: 53 });
    if (keyword === "search" || keyword === "domain") search = values;
    if (keyword === "options") ndots = ndotsOf(values) ?? ndots;
  }
  return { servers: servers.length > 0 ? servers : [{ ip: "127.0.0.1", port: 53 }], search, ndots };
}

/** Reads hosts(5). */
export function parseHosts(text: string): Hosts {
  const hosts = new Map<string, string[]>();
  for (const [address, ...names] of lines(text)) {
    const ip = canonicalIp(address ?? "");
    if (ip === undefined) continue;
    for (const name of names) {
      const key = (asciiName(name) ?? name).toLowerCase();
      hosts.set(key, [...(hosts.get(key) ?? []), ip]);
    }
  }
  return hosts;
}

/**
 * The names to try in turn for one that was given, as resolv.conf(5) has it.
 *
 * @param name - absolute when it ends with a dot
 */
export function candidates(name: string, { search, ndots }: Pick<ResolvConf, "search" | "ndots">): string[] {
  if (name.endsWith(".")) return [withoutLastDot(name)];
  const extended = search
    .filter((domain) => domain !== ".")
    .map((domain) => `${name}.${withoutLastDot(domain)}`);
  const dots = name.split(".").length - 1;
  return dots >= ndots ? [name, ...extended] : [...extended, name];
}

/** The two files, kept fresh. */
export class SystemResolver {
  readonly #conf: CachedFile<ResolvConf>;
  readonly #hosts: CachedFile<Hosts>;

  constructor(clock: Clock, confPath = "/etc/resolv.conf", hostsPath = "/etc/hosts") {
    this.#conf = new CachedFile(clock, confPath, parseResolvConf);
    this.#hosts = new CachedFile(clock, hostsPath, parseHosts);
  }

  /** Name servers and search list as they are now. */
  conf(): ResolvConf {
    return this.#conf.get();
  }

  /** @returns the addresses that /etc/hosts has for a name; none when it does not know it */
  hosts(name: string): readonly string[] {
    return this.#hosts.get().get(withoutLastDot(name).toLowerCase()) ?? [];
  }
}

/** A file that is parsed when it changes; a missing one is an empty one. */
class CachedFile<T> {
  #value: T | undefined;
  #stamp = "";
  #lookAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    readonly clock: Clock,
    readonly path: string,
    readonly parse: (text: string) => T,
  ) {}

  get(): T {
    const nowMs = this.clock.nowMs();
    if (this.#value !== undefined && nowMs < this.#lookAtMs) return this.#value;
    this.#lookAtMs = nowMs + LOOK_AGAIN_MS;
    const stat = statSync(this.path, { throwIfNoEntry: false });
    const stamp = stat === undefined ? "none" : `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
    if (this.#value === undefined || stamp !== this.#stamp) {
      this.#value = this.parse(this.#read());
      this.#stamp = stamp;
    }
    return this.#value;
  }

  #read(): string {
    try {
      return readTextFile(this.path);
    } catch {
      return "";
    }
  }
}

/** The words of each line, without comments. */
function lines(text: string): string[][] {
  return text
    .split("\n")
    .map((line) => line.replace(/[#;].*/, "").trim())
    .filter((line) => line !== "")
    .map((line) => line.split(/\s+/));
}

function ndotsOf(options: readonly string[]): number | undefined {
  const value = options
    .map((option) => /^ndots:(\d+)$/.exec(option)?.[1])
    .find((digits) => digits !== undefined);
  return value === undefined ? undefined : Math.min(15, Number(value));
}
