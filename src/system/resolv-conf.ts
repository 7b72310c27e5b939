/** resolv.conf(5), with the environment variables that glibc reads beside it; pure. */
import type { Address } from "../model/spec.ts";
import { LINE_END } from "./file-tokens.ts";
import { canonicalIp } from "./sockaddr.ts";

/** The parts of resolv.conf that decide which server is asked for which name. */
export interface ResolvConf {
  /** In the order of the file; at least one. */
  readonly servers: readonly Address[];
  /** Domains appended to names that are not absolute. */
  readonly search: readonly string[];
  /** A name with at least this many dots is tried as it is first. */
  readonly ndots: number;
  /** Each lookup starts with another server. */
  readonly rotate: boolean;
  /** Ask over TCP only. */
  readonly useVc: boolean;
  /** A name without dots is never tried as it is, unless the search list is empty. */
  readonly noTldQuery: boolean;
  /** Do not ask for AAAA besides A. */
  readonly noAaaa: boolean;
}

/** Environment of the process and name of the host, which fill in and override the file. */
export interface ResolverSurroundings {
  /** Overrides the search list (resolv.conf(5)). */
  readonly localDomain?: string | undefined;
  /** Further options (resolv.conf(5)). */
  readonly resOptions?: string | undefined;
  /** Its domain is the search list when the file has none. */
  readonly hostname: string;
}

const MAX_SERVERS = 3; // MAXNS of resolv.h
const MAX_NDOTS = 15; // RES_MAXNDOTS
const DNS_PORT = 53;

/** Reads the tokens of resolv.conf in order. */
export class ResolvConfReader {
  readonly #surroundings: ResolverSurroundings;
  readonly #servers: Address[] = [];
  #search: string[] | undefined;
  /** Values of the current line. */
  #values: string[] = [];
  #keyword = "";
  readonly #options = { ndots: 1, rotate: false, useVc: false, noTldQuery: false, noAaaa: false };

  constructor(surroundings: ResolverSurroundings) {
    this.#surroundings = surroundings;
  }

  /** Reads the next token. @param token - a token, or one of the marks of {@link splitTokens} */
  push(token: string): void {
    if (token === LINE_END) this.#endLine();
    // glibc ignores indented lines.
    else if (this.#keyword === "") this.#keyword = token;
    else if (this.#keyword === "options") this.#setOption(token);
    else if (this.#keyword === "search" || this.#values.length === 0) this.#values.push(token);
  }

  /** Returns the settings. Call it after the last token. */
  result(): ResolvConf {
    this.#endLine();
    const { localDomain, resOptions = "", hostname } = this.#surroundings;
    for (const option of wordsOf(resOptions)) this.#setOption(option);
    const domain = hostname.includes(".") ? [hostname.slice(hostname.indexOf(".") + 1)] : [];
    return {
      servers: this.#servers.length > 0 ? this.#servers : [{ ip: "127.0.0.1", port: DNS_PORT }],
      search: localDomain === undefined ? (this.#search ?? domain) : wordsOf(localDomain),
      ...this.#options,
    };
  }

  #endLine(): void {
    const [value] = this.#values;
    if (value !== undefined && this.#keyword === "nameserver") this.#addServer(value);
    // The last one counts.
    if (value !== undefined && (this.#keyword === "search" || this.#keyword === "domain"))
      this.#search = this.#values;
    this.#values = [];
    this.#keyword = "";
  }

  #addServer(text: string): void {
    const ip = canonicalIp(text);
    if (ip !== undefined && this.#servers.length < MAX_SERVERS) this.#servers.push({ ip, port: DNS_PORT });
  }

  #setOption(option: string): void {
    const ndots = /^ndots:([0-9]+)/.exec(option)?.[1];
    if (ndots !== undefined) this.#options.ndots = Math.min(MAX_NDOTS, Number(ndots));
    else if (option === "rotate") this.#options.rotate = true;
    else if (option === "use-vc") this.#options.useVc = true;
    else if (option === "no-tld-query") this.#options.noTldQuery = true;
    else if (option === "no-aaaa") this.#options.noAaaa = true;
  }
}

function wordsOf(text: string): string[] {
  return text.split(/[ \t\n]+/).filter((token) => token !== "");
}
