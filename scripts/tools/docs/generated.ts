/** Every generated file that is committed; a test fails when one is stale. */

import type { JsonSchema } from "../../../src/schema/json-schema.ts";
import { checksJsonSchema } from "./checks-schema.ts";
import { configJsonSchema } from "./config-schema.ts";
import { configurationPage } from "./configuration.ts";
import { verdictsPage } from "./verdicts.ts";

/** A file and what must be in it. */
export interface GeneratedFile {
  /** Below the root of the project, or the directory that was asked for. */
  readonly path: string;
  readonly text: string;
}

/** All of them. */
export function generatedFiles(): GeneratedFile[] {
  return [
    { path: "docs/configuration.md", text: configurationPage() },
    { path: "docs/verdicts.md", text: verdictsPage() },
    { path: "examples/healthcheck-server.schema.json", text: json(configJsonSchema()) },
    { path: "examples/healthcheck-checks.schema.json", text: json(checksJsonSchema()) },
  ];
}

function json(schema: JsonSchema): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}
