/** Values of queries and of the command line, where everything is written as a string. */
import { ID_RULE, parseId } from "../model/id.ts";
import { outOfRange, problem } from "./problem.ts";
import { custom } from "./values.ts";

const DIGITS = /^[0-9]{1,16}$/;

/** Makes an integer from `min` to `max`, both from 0, that is written in decimal digits. */
export function digits(minimum: number, maximum: number) {
  const range = `${minimum} to ${maximum}`;
  return custom<string, number>(
    { kind: "integer", rule: `an integer from ${range}`, range, json: { type: "integer", minimum, maximum } },
    (input) => {
      const number = typeof input === "string" && DIGITS.test(input) ? Number(input) : -1;
      return number >= minimum && number <= maximum ? number : undefined;
    },
    (input, rule) =>
      (typeof input === "string" && /^[0-9]+$/.test(input) ? outOfRange : problem)(input, rule),
  );
}

/** The id of a healthcheck in decimal digits. */
export const idDigits = custom<string, NonNullable<ReturnType<typeof parseId>>>(
  { kind: "integer", rule: ID_RULE, range: "0 to 2^64−1", json: { type: "string" } },
  (input) => (typeof input === "string" ? parseId(input) : undefined),
);
