/** hosts(5): addresses by name; pure. Its cost grows with the file only, however often a name is repeated. */
import { asciiName, withoutLastDot } from "../model/domain-name.ts";
import { LINE_END, LINE_INDENT } from "./file-tokens.ts";
import { canonicalIp } from "./sockaddr.ts";

type Family = 4 | 6;

/** The names of a hosts file. */
export interface HostsTable {
  /**
   * Finds the addresses of a name.
   *
   * @param name - in ASCII, any case, with or without a dot at its end
   * @returns addresses of one family in their shortest form, in the order of the file; empty when the name is unknown
   */
  addresses(name: string, family: Family): readonly string[];
}

/**
 * Map of names that is built of many small maps: one large map moves all of its entries in one step when it grows,
 * which holds the event loop for several milliseconds.
 */
const SHARDS = 256;

/** Reads the tokens of a hosts file in order; the table is complete after the last one. */
export class HostsReader implements HostsTable {
  readonly #names: Readonly<Record<Family, readonly Map<string, string[]>[]>> = { 4: shards(), 6: shards() };
  /** Address of the current line; undefined before it, and when it is not valid. */
  #ip: string | undefined;
  #atLineStart = true;

  /** Reads the next token. @param token - a token, or one of the marks of {@link splitTokens} */
  push(token: string): void {
    if (token === LINE_END) this.#atLineStart = true;
    else if (token === LINE_INDENT) return;
    else if (this.#atLineStart) {
      this.#ip = canonicalIp(token);
      this.#atLineStart = false;
    } else if (this.#ip !== undefined) this.#add((asciiName(token) ?? token).toLowerCase(), this.#ip);
  }

  addresses(name: string, family: Family): readonly string[] {
    const key = withoutLastDot(name).toLowerCase();
    return this.#names[family][shardOf(key)]?.get(key) ?? [];
  }

  #add(name: string, ip: string): void {
    const shard = this.#names[ip.includes(":") ? 6 : 4][shardOf(name)];
    const known = shard?.get(name);
    if (known === undefined) shard?.set(name, [ip]);
    else if (known.at(-1) !== ip) known.push(ip);
  }
}

function shards(): Map<string, string[]>[] {
  return Array.from({ length: SHARDS }, () => new Map<string, string[]>());
}

function shardOf(name: string): number {
  let hash = name.length;
  for (let at = 0; at < name.length; at++) hash = (hash * 31 + name.charCodeAt(at)) | 0;
  return hash & (SHARDS - 1);
}
