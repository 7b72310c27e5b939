/** Pieces of JSON Schema that the generated schemas share. */
import { DURATION_PATTERN } from "../../../src/model/duration.ts";
import type { JsonSchema } from "../../../src/schema/json-schema.ts";

/** The dialect. */
export const DIALECT = "http://json-schema.org/draft-07/schema#";

/** A duration; its range is beyond a pattern. */
export const DURATION: JsonSchema = { type: "string", pattern: DURATION_PATTERN.source };
