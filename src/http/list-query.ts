/** The query of `/api/healthchecks`, judged; pure. */
import { checkTypeNames } from "../checks/registry.ts";
import { show } from "../model/format-value.ts";
import { STATES, type State } from "../model/status.ts";
import { BadRequestError } from "./request.ts";

/** Which healthchecks are asked for. */
export interface ListQuery {
  readonly state: State | undefined;
  readonly type: string | undefined;
  /** Lower case; empty when everything fits. */
  readonly text: string;
  readonly limit: number;
  readonly offset: number;
}

const PARAMETERS = ["state", "type", "q", "limit", "offset"];
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
const MAX_TEXT = 200;

/** @throws BadRequest */
export function readListQuery(query: URLSearchParams): ListQuery {
  for (const name of query.keys()) {
    if (!PARAMETERS.includes(name))
      throw new BadRequestError(`unknown parameter ${show(name)}; must be one of ${PARAMETERS.join(", ")}`);
    if (query.getAll(name).length > 1)
      throw new BadRequestError(`${name}: given more than once; must be one value`);
  }
  const text = query.get("q") ?? "";
  if (text.length > MAX_TEXT)
    throw new BadRequestError(`q: too long; must be at most ${MAX_TEXT} characters`);
  return {
    state: oneOf(query, "state", STATES),
    type: oneOf(query, "type", checkTypeNames()),
    text: text.toLowerCase(),
    limit: integer(query, "limit", DEFAULT_LIMIT, MAX_LIMIT),
    offset: integer(query, "offset", 0, Number.MAX_SAFE_INTEGER),
  };
}

function oneOf<Word extends string>(
  query: URLSearchParams,
  name: string,
  words: readonly Word[],
): Word | undefined {
  const given = query.get(name);
  if (given === null || given === "") return undefined;
  const word = words.find((known) => known === given);
  if (word === undefined)
    throw new BadRequestError(`${name}: ${show(given)} is not valid; must be one of ${words.join(", ")}`);
  return word;
}

function integer(query: URLSearchParams, name: string, fallback: number, max: number): number {
  const given = query.get(name);
  if (given === null) return fallback;
  if (/^[0-9]{1,16}$/.test(given) && Number(given) <= max) return Number(given);
  throw new BadRequestError(`${name}: ${show(given)} is not valid; must be an integer from 0 to ${max}`);
}
