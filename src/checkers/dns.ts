/**
 * The dns checker: asks a given server, or resolves as this system is configured to (hosts file, name servers, search
 * list), always afresh.
 */
import { withoutLastDot } from "../model/domain-name.ts";
import type { CheckResult } from "../model/result.ts";
import type { Address, DnsSpec } from "../model/spec.ts";
import { candidates } from "../system/resolver.ts";
import { canonicalIp } from "../system/sockaddr.ts";
import type { Attempt, CancelTimer, Checker, CheckerEnv, Done } from "./checker.ts";
import { DnsQuery } from "./dns-query.ts";

/** Makes a dns checker. */
export function dnsChecker(spec: DnsSpec, env: CheckerEnv): Checker {
  return {
    start: (timeoutMs, done) => {
      const fromHosts = spec.server === undefined ? hostsResult(spec, env) : undefined;
      return fromHosts === undefined ? new Lookup(spec, env, timeoutMs, done) : new Known(fromHosts, done);
    },
  };
}

/** The answer that needed no question. */
class Known implements Attempt {
  readonly #result: CheckResult;
  #over = false;

  constructor(result: CheckResult, done: Done) {
    this.#result = result;
    queueMicrotask(() => {
      if (!this.#over) done(result);
    });
  }

  expire(): CheckResult {
    this.#over = true;
    return this.#result;
  }

  cancel(): void {
    this.#over = true;
  }
}

/** Question after question until one of them settles it; see the head of the file. */
class Lookup implements Attempt {
  readonly #spec: DnsSpec;
  readonly #env: CheckerEnv;
  readonly #timeoutMs: number;
  readonly #done: Done;
  readonly #startMs: number;
  readonly #names: string[];
  readonly #servers: Address[];
  /** Servers that the present name has still to be put to. */
  #untried: Address[];
  #query: DnsQuery;
  #cancelTry: CancelTimer = () => {};

  constructor(spec: DnsSpec, env: CheckerEnv, timeoutMs: number, done: Done) {
    this.#spec = spec;
    this.#env = env;
    this.#timeoutMs = timeoutMs;
    this.#done = done;
    this.#startMs = env.clock.nowMs();
    const conf = env.resolver.conf();
    this.#names = spec.server === undefined ? candidates(spec.query, conf) : [withoutLastDot(spec.query)];
    this.#servers = spec.server === undefined ? [...conf.servers] : [spec.server];
    this.#untried = [...this.#servers];
    this.#query = this.#ask();
  }

  expire(): CheckResult {
    this.#cancelTry();
    return this.#query.expire();
  }

  cancel(): void {
    this.#cancelTry();
    this.#query.cancel();
  }

  /** Puts the first name left to the first server left. */
  #ask(): DnsQuery {
    const [name = this.#spec.query] = this.#names;
    const server = this.#untried.shift() ?? { ip: "127.0.0.1", port: 53 };
    const { expectedIps, queryType } = this.#spec;
    const leftMs = this.#timeoutMs - (this.#env.clock.nowMs() - this.#startMs);
    // In whole milliseconds: it stands in the sentence.
    const timeoutMs = Math.max(1, Math.round(leftMs / (this.#untried.length + 1)));
    const plan = { env: this.#env, server, name, type: queryType, expectedIps, timeoutMs };
    const query = new DnsQuery(plan, (result) => this.#settle(result, server));
    // With another server to turn to, this one gets its share of the time only.
    if (this.#untried.length > 0) {
      this.#cancelTry = this.#env.after(timeoutMs, () => this.#settle(query.expire(), server));
    }
    return query;
  }

  #settle(result: CheckResult, server: Address): void {
    this.#cancelTry();
    if (result.outcome === "failure") {
      const answered = this.#query.rcode === "NOERROR" || this.#query.rcode === "NXDOMAIN";
      if (answered && this.#names.length > 1) {
        this.#names.shift();
        // The server that answered is asked first.
        this.#untried = [server, ...this.#servers.filter((other) => other !== server)];
        this.#query = this.#ask();
        return;
      }
      if (!answered && this.#untried.length > 0) {
        this.#query = this.#ask();
        return;
      }
    }
    this.#done(result);
  }
}

/** What /etc/hosts makes of a check; undefined when it does not know the name or is not asked for addresses. */
function hostsResult(spec: DnsSpec, env: CheckerEnv): CheckResult | undefined {
  const family = spec.queryType === "A" ? 4 : spec.queryType === "AAAA" ? 6 : undefined;
  const addresses = env.resolver.hosts(spec.query).filter((ip) => (ip.includes(":") ? 6 : 4) === family);
  if (addresses.length === 0) return undefined;
  const times = { durationMs: 0, phases: { resolveMs: 0 } };
  const subject = `DNS ${spec.queryType} ${spec.query} in /etc/hosts: ${addresses.join(", ")}`;
  if (
    spec.expectedIps.length === 0 ||
    addresses.some((ip) => spec.expectedIps.includes(canonicalIp(ip) ?? ip))
  ) {
    return { outcome: "success", code: "L7OK", message: subject, ...times };
  }
  const message = `${subject}, expected ${spec.expectedIps.join(" or ")}`;
  return { outcome: "failure", code: "L7STS", message, ...times };
}
