/**
 * The dns checker: asks a given server, or resolves as the system is configured to (hosts file, nameservers, search list), without any
 * cache.
 */
import { withoutLastDot } from "../../model/domain-name.ts";
import type { CheckResult } from "../../model/result.ts";
import { inconclusive } from "../../model/result.ts";
import type { HostsTable } from "../../system/hosts-file.ts";
import type { ResolverFiles } from "../../system/resolver.ts";
import type { Attempt, Checker, CheckerEnv, OnResult } from "../checker.ts";
import { matchTexts } from "./message.ts";
import { Nameserver } from "./nameserver.ts";
import { DnsRound, type RoundOwner, type RoundPlan } from "./round.ts";
import {
  failureToReport,
  type NameOutcome,
  nameAfterTimeout,
  type SearchConf,
  searchNames,
} from "./search.ts";
import type { DnsSpec, QueryType } from "./spec.ts";
import { formatQuestion, wantsNoError } from "./spec.ts";

/** Makes a dns checker. */
export function dnsChecker(spec: DnsSpec, env: CheckerEnv): Checker {
  if (spec.server === undefined)
    return { start: (timeoutMs, done) => new SystemLookup(spec, env, timeoutMs, done) };
  const plan: LookupPlan = {
    servers: [new Nameserver(spec.server, spec.socket)],
    types: spec.queryTypes,
    search: NO_SEARCH,
    fallback: undefined,
    overTcp: false,
  };
  return { start: (timeoutMs, done) => new DnsLookup(spec, env, timeoutMs, done, plan) };
}

/** The name as it was written, and no other. */
const NO_SEARCH: SearchConf = { search: [], ndots: 0, noTldQuery: false };

/** True for a lookup as programs do it; other questions are for nameservers alone, about one name. */
function isUsual({ options, wanted }: DnsSpec): boolean {
  return options.queryClass === "IN" && wantsNoError(wanted);
}

/** Names, servers and timing of a lookup. */
interface LookupPlan {
  readonly servers: readonly Nameserver[];
  readonly types: readonly QueryType[];
  readonly search: SearchConf;
  /** The name asked for early when the first name's servers do not answer. */
  readonly fallback: string | undefined;
  readonly overTcp: boolean;
}

/** A lookup by the system's files, which may have to be read first. */
class SystemLookup implements Attempt {
  readonly #spec: DnsSpec;
  readonly #env: CheckerEnv;
  readonly #timeoutMs: number;
  readonly #done: OnResult;
  #lookup: DnsLookup | undefined;
  #over = false;

  constructor(spec: DnsSpec, env: CheckerEnv, timeoutMs: number, done: OnResult) {
    this.#spec = spec;
    this.#env = env;
    this.#timeoutMs = timeoutMs;
    this.#done = done;
    const files = env.resolver.files();
    if (files === undefined) void this.#wait(env.clock.nowMs());
    else this.#begin(files, timeoutMs);
  }

  expire(): CheckResult {
    this.#over = true;
    return (
      this.#lookup?.expire() ??
      inconclusive("stalled", `${this.#subject()}: ${this.#env.resolver.paths} are being read`)
    );
  }

  cancel(): void {
    this.#over = true;
    this.#lookup?.cancel();
  }

  async #wait(sinceMs: number): Promise<void> {
    await this.#env.resolver.ready();
    if (this.#over) return;
    const files = this.#env.resolver.files();
    const leftMs = this.#timeoutMs - (this.#env.clock.nowMs() - sinceMs);
    if (files !== undefined) this.#begin(files, Math.max(1, leftMs));
    else {
      const { cause, message } = this.#env.resolver.problem ?? { cause: "fault", message: "not read" };
      this.#finish(inconclusive(cause, `${this.#subject()}: ${message}`));
    }
  }

  #begin({ conf, hosts }: ResolverFiles, leftMs: number): void {
    const known = hostsResult(this.#spec, hosts);
    if (known !== undefined) {
      queueMicrotask(() => this.#finish(known));
      return;
    }
    const { queryTypes } = this.#spec;
    const search = isUsual(this.#spec) ? conf : NO_SEARCH;
    const plan = {
      servers: this.#env.resolver
        .serversInTurn(conf)
        .map((address) => new Nameserver(address, this.#spec.socket)),
      // The option takes from getaddrinfo what it would ask besides A.
      types: conf.noAaaa && queryTypes.length > 1 ? queryTypes.filter((type) => type !== "AAAA") : queryTypes,
      search,
      fallback: nameAfterTimeout(this.#spec.query, search),
      overTcp: conf.useVc,
    };
    this.#lookup = new DnsLookup(
      this.#spec,
      this.#env,
      leftMs,
      (result) => this.#finish(result),
      plan,
      this.#timeoutMs,
    );
  }

  #finish(result: CheckResult): void {
    if (this.#over) return;
    this.#over = true;
    this.#done(result);
  }

  #subject(): string {
    return subjectOf(this.#spec);
  }
}

/** Name after name until one of them decides. */
class DnsLookup implements Attempt, RoundOwner {
  readonly #spec: DnsSpec;
  readonly #env: CheckerEnv;
  readonly #leftMs: number;
  readonly #timeoutMs: number;
  readonly #done: OnResult;
  readonly #plan: LookupPlan;
  readonly #startMs: number;
  /** The check's clock excludes stalls of this process, so a stall makes no answer late. */
  readonly #isLate = (atMs: number): boolean => {
    const agoMs = performance.now() - atMs;
    return this.#env.clock.nowMs() - this.#startMs - agoMs > this.#leftMs;
  };
  readonly #names: Generator<string, void, NameOutcome>;
  #fallbackAsked = false;
  /** All names asked for until now. */
  readonly #rounds: DnsRound[] = [];
  #current: DnsRound;
  /** Asked first from now on: the server that answered. */
  #preferred: Nameserver | undefined;

  /** @param timeoutMs - of the whole check, for sentences; `leftMs` of it are left */
  constructor(
    spec: DnsSpec,
    env: CheckerEnv,
    leftMs: number,
    done: OnResult,
    plan: LookupPlan,
    timeoutMs = leftMs,
  ) {
    this.#spec = spec;
    this.#env = env;
    this.#leftMs = leftMs;
    this.#timeoutMs = timeoutMs;
    this.#done = done;
    this.#plan = plan;
    this.#startMs = env.clock.nowMs();
    this.#names = searchNames(spec.query, plan.search);
    this.#current = this.#ask(this.#names.next("other").value ?? spec.query);
  }

  expire(): CheckResult {
    for (const round of this.#rounds) if (round.outcome === undefined) round.expire();
    const [first = this.#current] = this.#rounds;
    // The name as it was written matters most.
    const decides = first.outcome !== undefined && first.name === withoutLastDot(this.#spec.query);
    return this.#withNames(decides ? first : this.#current);
  }

  cancel(): void {
    for (const round of this.#rounds) round.cancel();
  }

  shareMs(serversLeft: number): number {
    const leftMs = this.#leftMs - (this.#env.clock.nowMs() - this.#startMs);
    const toCome = this.isWaiting ? this.#plan.servers.length : 0;
    return Math.max(1, leftMs / (serversLeft + toCome));
  }

  /** True while the fallback name was not asked for. */
  get isWaiting(): boolean {
    return this.#plan.fallback !== undefined && !this.#fallbackAsked;
  }

  settled(result: CheckResult): void {
    this.cancel();
    this.#done(result);
  }

  missed(round: DnsRound): void {
    this.#preferred = round.answeredBy ?? this.#preferred;
    while (this.#current.outcome !== undefined) {
      const { value: next } = this.#names.next(this.#current.outcome);
      if (next === undefined) {
        this.settled(this.#failure());
        return;
      }
      this.#current = this.#roundOf(next) ?? this.#ask(next);
    }
  }

  overdue(round: DnsRound): void {
    const { fallback } = this.#plan;
    if (round === this.#current && fallback !== undefined && !this.#fallbackAsked) this.#ask(fallback);
  }

  #ask(name: string): DnsRound {
    const { servers, types, overTcp } = this.#plan;
    const { options, wanted } = this.#spec;
    const preferred = this.#preferred;
    if (name === this.#plan.fallback) this.#fallbackAsked = true;
    const plan: RoundPlan = {
      env: this.#env,
      name,
      types,
      servers:
        preferred === undefined ? servers : [preferred, ...servers.filter((server) => server !== preferred)],
      options,
      wanted,
      overTcp,
      timeoutMs: this.#timeoutMs,
      isLate: this.#isLate,
    };
    const round = new DnsRound(plan, this);
    this.#rounds.push(round);
    return round;
  }

  #roundOf(name: string): DnsRound | undefined {
    return this.#rounds.find((round) => round.name === name);
  }

  #failure(): CheckResult {
    const asked = this.#rounds.flatMap((round) =>
      round.outcome === undefined ? [] : [{ name: round.name, outcome: round.outcome, round }],
    );
    return this.#withNames(failureToReport(this.#spec.query, asked)?.round ?? this.#current);
  }

  /** The result of one round, with the other names that were asked for. */
  #withNames(round: DnsRound): CheckResult {
    const { result } = round;
    const others = this.#rounds.filter((other) => other !== round).map(({ name }) => name);
    if (others.length === 0) return result;
    const shown = others.slice(0, MAX_NAMES).join(", ");
    const more = others.length > MAX_NAMES ? ` and ${others.length - MAX_NAMES} more` : "";
    return { ...result, message: `${result.message} (also asked: ${shown}${more})` };
  }
}

const MAX_NAMES = 3;

function subjectOf({ queryTypes, options, query }: DnsSpec): string {
  return formatQuestion(queryTypes, options.queryClass, query);
}

/** The result of a check whose name is in /etc/hosts; undefined when it is not, or when something else than addresses is wanted. */
function hostsResult(spec: DnsSpec, hosts: HostsTable): CheckResult | undefined {
  if (!isUsual(spec)) return undefined;
  const types = spec.queryTypes.filter((type) => type === "A" || type === "AAAA");
  const addresses = types.flatMap((type) => hosts.addresses(spec.query, type === "A" ? 4 : 6));
  if (addresses.length === 0) return undefined;
  const times = { durationMs: 0, phases: { resolveMs: 0 } };
  const subject = `${subjectOf(spec)} in /etc/hosts: `;
  const { ok, message } = matchTexts(
    subject,
    addresses.map((ip) => () => ip),
    spec.wanted.records,
  );
  if (ok) return { outcome: "success", code: "L7OK", message, ...times };
  return { outcome: "failure", code: "L7STS", message, ...times };
}
