/**
 * The system's resolver as it is configured: /etc/hosts and /etc/resolv.conf. Asking is up to the dns checker. `getaddrinfo` is not
 * used: it cannot be canceled, blocks a thread for each dead nameserver, and so would make healthy checks wait for dead ones.
 *
 * The files are read again when they have changed, which is looked up at most once a second. They are read in slices; until a new
 * version is read, the former one serves.
 */
import { statSync } from "node:fs";
import type { LocalCause } from "../model/result.ts";
import type { Address } from "../model/spec.ts";
import type { Clock } from "./clock.ts";
import { errnoMessage, errnoOf, localCause } from "./errno.ts";
import { PAUSE, splitTokens } from "./file-tokens.ts";
import { HostsReader, type HostsTable } from "./hosts-file.ts";
import { type ResolvConf, ResolvConfReader, type ResolverSurroundings } from "./resolv-conf.ts";
import { readTextPieces } from "./text-file.ts";
import { Slice } from "./time-slicing.ts";

/** Both files as they were last read. */
export interface ResolverFiles {
  readonly conf: ResolvConf;
  readonly hosts: HostsTable;
}

/** Paths of the files, and the settings from the environment. */
export interface ResolverOptions extends Partial<ResolverSurroundings> {
  readonly confPath?: string;
  readonly hostsPath?: string;
  /** Makes the slices that a file is read in; for tests. */
  readonly newSlice?: () => Slice;
}

/** Reason why a file could not be read at all, for a local fault. */
export interface ReadProblem {
  readonly cause: LocalCause;
  readonly message: string;
}

const RECHECK_MS = 1_000;

/** Serves the two files, kept fresh. */
export class SystemResolver {
  readonly #conf: CachedFile<ResolvConf>;
  readonly #hosts: CachedFile<HostsTable>;
  /** The files' paths, for sentences. */
  readonly paths: string;
  #turn = 0;

  constructor(clock: Clock, options: ResolverOptions = {}) {
    const { confPath = "/etc/resolv.conf", hostsPath = "/etc/hosts", newSlice = () => new Slice() } = options;
    const { localDomain, resOptions, hostname = "" } = options;
    const surroundings = { localDomain, resOptions, hostname };
    this.paths = `${confPath} and ${hostsPath}`;
    this.#conf = new CachedFile(clock, confPath, "#;", newSlice, () => {
      const reader = new ResolvConfReader(surroundings);
      return { push: (token) => reader.push(token), result: () => reader.result() };
    });
    this.#hosts = new CachedFile<HostsTable>(clock, hostsPath, "#", newSlice, () => {
      const reader = new HostsReader();
      return { push: (token) => reader.push(token), result: () => reader };
    });
  }

  /** The files as they are now; undefined until both were read for the first time. */
  files(): ResolverFiles | undefined {
    const conf = this.#conf.get();
    const hosts = this.#hosts.get();
    return conf === undefined || hosts === undefined ? undefined : { conf, hosts };
  }

  /** Waits for the reading that is under way, if any. Never rejects. */
  async ready(): Promise<void> {
    await Promise.all([this.#conf.reading, this.#hosts.reading]);
  }

  /** Reason why {@link files} is empty while no file is being read. */
  get problem(): ReadProblem | undefined {
    return this.#conf.problem ?? this.#hosts.problem;
  }

  /** The nameservers in the order in which this lookup should ask them: option `rotate` starts with another one each time. */
  serversInTurn({ servers, rotate }: ResolvConf): readonly Address[] {
    if (!rotate) return servers;
    const first = this.#turn++ % servers.length;
    return [...servers.slice(first), ...servers.slice(0, first)];
  }
}

interface TokenReader<T> {
  push(token: string): void;
  result(): T;
}

/** A file that is read when it changes. A missing one counts as empty; so does one that cannot be read, until it was read once. */
class CachedFile<T> {
  readonly #clock: Clock;
  readonly #path: string;
  readonly #comments: string;
  readonly #newSlice: () => Slice;
  readonly #newReader: () => TokenReader<T>;
  #value: T | undefined;
  #problem: ReadProblem | undefined;
  /** Stamp of the version that {@link #value} was read from, or that could not be read. */
  #stamp = "";
  #recheckAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(
    clock: Clock,
    path: string,
    comments: string,
    newSlice: () => Slice,
    newReader: () => TokenReader<T>,
  ) {
    this.#clock = clock;
    this.#path = path;
    this.#comments = comments;
    this.#newSlice = newSlice;
    this.#newReader = newReader;
  }

  get reading(): Promise<void> | undefined {
    return this.#reading;
  }

  get problem(): ReadProblem | undefined {
    return this.#value === undefined ? this.#problem : undefined;
  }

  get(): T | undefined {
    const nowMs = this.#clock.nowMs();
    if (nowMs >= this.#recheckAtMs && this.#reading === undefined) {
      this.#recheckAtMs = nowMs + RECHECK_MS;
      const stamp = stampOf(this.#path);
      if (stamp !== this.#stamp) this.#refresh(stamp);
    }
    return this.#value;
  }

  #refresh(stamp: string): void {
    this.#stamp = stamp;
    if (stamp === MISSING) this.#value = this.#newReader().result();
    else {
      this.#reading = this.#read().finally(() => {
        this.#reading = undefined;
      });
    }
  }

  async #read(): Promise<void> {
    const slice = this.#newSlice();
    const reader = this.#newReader();
    try {
      for (const token of splitTokens(readTextPieces(this.#path), this.#comments)) {
        if (token !== PAUSE) reader.push(token);
        if (slice.over) await slice.next();
      }
      this.#value = reader.result();
    } catch (error) {
      const number = errnoOf(error);
      const cause = number === 0 ? undefined : localCause(number);
      // Local faults pass; the file is read again.
      if (cause !== undefined) this.#stamp = "";
      this.#problem = cause && { cause, message: `cannot read ${this.#path}: ${errnoMessage(number)}` };
      if (cause === undefined) this.#value ??= this.#newReader().result();
    }
  }
}

const MISSING = "missing";

/** Changes whenever the file does, its permissions included. */
function stampOf(path: string): string {
  try {
    const { ino, mtimeMs, ctimeMs, size } = statSync(path);
    return `${ino} ${mtimeMs} ${ctimeMs} ${size}`;
  } catch {
    return MISSING;
  }
}
