/** One sentence for the outcomes of several DNS queries for one name; pure. */
import type { FailureCode } from "../../model/result.ts";
import type { Times } from "../stopwatch.ts";
import { TYPES_PLACE } from "./message.ts";
import type { Nameserver } from "./nameserver.ts";
import { formatQuestion, type QueryClass, type QueryType } from "./spec.ts";

/** Failure of one query. */
export interface QueryFailure {
  readonly type: QueryType;
  readonly server: Nameserver;
  /** ` over TCP`, or empty. */
  readonly via: string;
  readonly code: FailureCode;
  /** With {@link TYPES_PLACE} where the record types belong. */
  readonly message: string;
  readonly times: Times;
  readonly interrupted: boolean;
  /** True when nothing came back. */
  readonly unanswered: boolean;
}

/**
 * Puts failures into a sentence: failures that differ in the type or the server alone share a clause.
 *
 * @param name - the name asked for
 * @returns `DNS A/AAAA www.example.com @10.0.0.1:53: answered NXDOMAIN`
 */
export function failureSentence(
  name: string,
  queryClass: QueryClass,
  failures: readonly QueryFailure[],
): string {
  const byServer = groupBy(failures, ({ server, via, message }) => `${server.text} ${via} ${message}`);
  const clauses = byServer.map((group) => ({
    types: [...new Set(group.map(({ type }) => type))],
    servers: [...new Set(group.map(({ server }) => server.text))],
    via: group[0]?.via ?? "",
    message: group[0]?.message ?? "",
  }));
  const byTypes = groupBy(clauses, ({ types, via, message }) => `${types.join("/")} ${via} ${message}`);
  return byTypes
    .map((group) => {
      const { types = [], via = "", message = "" } = group[0] ?? {};
      const servers = [...new Set(group.flatMap((clause) => clause.servers))];
      return `${querySubject(types, queryClass, name, servers, via)}: ${message.replace(TYPES_PLACE, types.join(" or "))}`;
    })
    .join("; ");
}

/** `DNS A/AAAA www.example.com @10.0.0.1:53 over TCP` */
export function querySubject(
  types: readonly QueryType[],
  queryClass: QueryClass,
  name: string,
  servers: readonly string[],
  via: string,
): string {
  return `${formatQuestion(types, queryClass, name)} @${servers.join(", @")}${via}`;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  return [...Map.groupBy(items, keyOf).values()];
}
