/**
 * One name asked of the nameservers: all record types in parallel from one server, and from the next one when it fails
 * or does not answer within its share of the time. A query stays open when the next server is asked, so a slow answer
 * still counts. Called by the dns checker.
 */
import { type CheckResult, inconclusive } from "../../model/result.ts";
import type { CancelTimer, CheckerEnv } from "../checker.ts";
import { type AnswerVerdict, validateAnswer } from "./message.ts";
import type { Nameserver } from "./nameserver.ts";
import { DnsQuery, type QueryOutcome } from "./query.ts";
import { failureSentence, type QueryFailure, querySubject } from "./report.ts";
import type { NameOutcome } from "./search.ts";
import type { QueryType, QuestionOptions, Wanted } from "./spec.ts";
import type { Answer } from "./wire.ts";

/** Name, record types and servers of a round. */
export interface RoundPlan {
  readonly env: CheckerEnv;
  readonly name: string;
  /** At least one. One good answer suffices. */
  readonly types: readonly QueryType[];
  /** In the order of asking; at least one. */
  readonly servers: readonly Nameserver[];
  readonly options: QuestionOptions;
  readonly wanted: Wanted;
  readonly overTcp: boolean;
  /** The bound of the whole check, for sentences. */
  readonly timeoutMs: number;
  /** Returns true for an answer after the check's deadline. @param atMs - its arrival on the clock of `performance.now()` */
  readonly isLate: (atMs: number) => boolean;
}

/** Receives what becomes of a round; never called before its constructor has returned. */
export interface RoundOwner {
  /**
   * Divides the remaining time among the servers.
   *
   * @param serversLeft - servers that are still to be asked, including this one
   * @returns time to wait for this one, in milliseconds
   */
  shareMs(serversLeft: number): number;
  /** The result is final: a good answer, or one that ends the search. */
  settled(result: CheckResult): void;
  /** The name was not found, see {@link DnsRound.outcome}. */
  missed(round: DnsRound): void;
  /** True while another name is to be asked for once {@link overdue} is called. */
  readonly isWaiting: boolean;
  /** Called when every server has had its share of the time; the round continues. */
  overdue(round: DnsRound): void;
}

/** Response codes of a server that cannot answer; another one may. All others are answers. */
const SERVER_FAILURES: ReadonlySet<string> = new Set(["SERVFAIL", "NOTIMP", "REFUSED"]);

interface Settled {
  readonly answer: Answer;
  readonly failure: QueryFailure;
}

/** The round of one name. */
export class DnsRound {
  readonly name: string;
  readonly #plan: RoundPlan;
  readonly #owner: RoundOwner;
  readonly #open = new Set<DnsQuery>();
  readonly #settled = new Map<QueryType, Settled>();
  readonly #failures: QueryFailure[] = [];
  /** Inconclusive results by record type; a result matters only when no other server answers the type. */
  readonly #local = new Map<QueryType, CheckResult>();
  #allRefused = true;
  #lastRcode = "";
  #asked = 0;
  #cancelShare: CancelTimer = () => {};
  #outcome: NameOutcome | undefined;
  /** The server that answered last. */
  answeredBy: Nameserver | undefined;

  constructor(plan: RoundPlan, owner: RoundOwner) {
    this.name = plan.name;
    this.#plan = plan;
    this.#owner = owner;
    this.#askNextServer();
  }

  /** Outcome of the name; undefined while the round runs. */
  get outcome(): NameOutcome | undefined {
    return this.#outcome;
  }

  /** The result, should the name decide it. The round must be over or expired. */
  get result(): CheckResult {
    const local = this.#unknown;
    if (local !== undefined) return local;
    const answers = [...this.#settled.values()].map(({ failure }) => failure);
    const failures = this.#failures.filter(({ type }) => !this.#settled.has(type));
    const all = [...answers, ...failures];
    const last = answers.at(-1) ?? all.at(-1);
    const message = failureSentence(this.name, this.#plan.options.queryClass, all);
    if (last === undefined) return inconclusive("fault", `DNS ${this.name}: nothing was asked`);
    const { code, times, interrupted } = last;
    const unanswered = all.every((failure) => failure.unanswered);
    return { outcome: "failure", code, message, interrupted, unanswered, ...times };
  }

  /** The check's time is up: open queries become failures. */
  expire(): void {
    this.#cancelShare();
    for (const query of this.#open) this.#note(query, query.expire());
    this.#open.clear();
  }

  /** Ends the round because its outcome no longer matters. */
  cancel(): void {
    this.#cancelShare();
    for (const query of this.#open) query.cancel();
    this.#open.clear();
  }

  #askNextServer(): void {
    const { env, name, types, servers, options, overTcp, timeoutMs, isLate } = this.#plan;
    const server = servers[this.#asked];
    if (server === undefined) return;
    const patienceMs = this.#owner.shareMs(servers.length - this.#asked);
    this.#asked++;
    for (const type of types) {
      if (this.#settled.has(type)) continue;
      const plan = { env, server, name, type, options, overTcp, patienceMs, timeoutMs, isLate };
      const query: DnsQuery = new DnsQuery(plan, (outcome) => this.#ended(query, outcome));
      this.#open.add(query);
    }
    // The deadline of the check ends the share of the last server, unless another name is to be asked for.
    const isLast = this.#asked === servers.length && !this.#owner.isWaiting;
    this.#cancelShare = isLast ? () => {} : env.after(patienceMs, () => this.#shareOver());
  }

  #shareOver(): void {
    if (this.#asked < this.#plan.servers.length) this.#askNextServer();
    else this.#owner.overdue(this);
  }

  #ended(query: DnsQuery, outcome: QueryOutcome): void {
    this.#open.delete(query);
    const good = this.#note(query, outcome);
    if (good !== undefined) {
      this.cancel();
      this.#owner.settled(good);
      return;
    }
    const { server } = query.plan;
    if (this.#plan.types.every((type) => this.#settled.has(type))) this.#end();
    else if ([...this.#open].some(({ plan }) => plan.server === server)) return;
    else if (server !== this.#plan.servers[this.#asked - 1]) this.#endIfIdle();
    else {
      // The server asked last sends nothing more.
      this.#cancelShare();
      if (this.#asked < this.#plan.servers.length) this.#askNextServer();
      else this.#endIfIdle();
    }
  }

  #endIfIdle(): void {
    if (this.#asked < this.#plan.servers.length) return;
    if (this.#open.size === 0) this.#end();
    // Slow servers may still answer; meanwhile the search continues.
    else this.#owner.overdue(this);
  }

  #end(): void {
    this.cancel();
    this.#outcome = this.#classify();
    const ends =
      this.#unknown !== undefined || [...this.#settled.values()].some(({ answer }) => isFound(answer));
    if (ends) this.#owner.settled(this.result);
    else this.#owner.missed(this);
  }

  /** @returns the result when the answer is a good one */
  #note({ plan: { server, type } }: DnsQuery, outcome: QueryOutcome): CheckResult | undefined {
    const { via } = outcome;
    if (outcome.kind === "inconclusive") {
      const subject = this.#subject(type, server, via);
      this.#local.set(type, inconclusive(outcome.cause, `${subject}: ${outcome.message}`, outcome.noRoute));
      return undefined;
    }
    if (outcome.kind === "failure") {
      const { code, message, times, refused, interrupted, unanswered } = outcome;
      this.#allRefused &&= refused;
      this.#failures.push({ type, server, via, code, message, times, interrupted, unanswered });
      return undefined;
    }
    this.#allRefused = false;
    const { answer, times } = outcome;
    const { wanted, options } = this.#plan;
    const verdict = validateAnswer(answer, wanted, options.ednsBytes !== undefined);
    if (verdict.ok) return this.#success(verdict, server, type, outcome.via, times);
    this.#lastRcode = answer.rcode;
    const failure = {
      type,
      server,
      via,
      code: "L7STS",
      message: verdict.message,
      times,
      interrupted: false,
      unanswered: false,
    } as const;
    this.#failures.push(failure);
    const fails = SERVER_FAILURES.has(answer.rcode) || (answer.lame && this.#plan.servers.length > 1);
    if (!fails) this.#settle(type, { answer, failure });
    return undefined;
  }

  #settle(type: QueryType, settled: Settled): void {
    this.answeredBy = settled.failure.server;
    this.#settled.set(type, settled);
    for (const query of this.#open) {
      if (query.plan.type !== type) continue;
      query.cancel();
      this.#open.delete(query);
    }
  }

  #success(
    verdict: AnswerVerdict,
    server: Nameserver,
    type: QueryType,
    via: string,
    times: QueryFailure["times"],
  ): CheckResult {
    const message = `${this.#subject(type, server, via)}: ${verdict.message}`;
    return { outcome: "success", code: "L7OK", message, ...times };
  }

  #subject(type: QueryType, server: Nameserver, via: string): string {
    return querySubject([type], this.#plan.options.queryClass, this.name, [server.text], via);
  }

  /** The inconclusive result of a type without an answer; undefined when all types have one. */
  get #unknown(): CheckResult | undefined {
    for (const [type, result] of this.#local) if (!this.#settled.has(type)) return result;
    return undefined;
  }

  #classify(): NameOutcome {
    const rcodes = new Set([...this.#settled.values()].map(({ answer }) => answer.rcode));
    if (rcodes.has("NOERROR")) return "no-data";
    if (rcodes.has("NXDOMAIN")) return "no-name";
    if (rcodes.size > 0) return "other";
    if (this.#lastRcode === "SERVFAIL") return "server-failure";
    return this.#allRefused ? "refused" : "other";
  }
}

/** True when the name exists and has records, expected or not: the system resolver stops its search there. */
function isFound({ rcode, empty }: Answer): boolean {
  return rcode === "NOERROR" && !empty;
}
