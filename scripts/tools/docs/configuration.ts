/** docs/configuration.md: its template, with what the program itself knows filled in. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Document } from "yaml";
import { checkTypeNames } from "../../../src/checks/registry.ts";
import { configPlaces } from "../../../src/config/places.ts";
import { DEFAULT_CONFIG, leaves, SECTIONS, toFile } from "../../../src/config/schema.ts";
import { commonFields, fieldsOfType } from "../../../src/protocol/healthcheck-schema.ts";
import { describeField, type NamedFacts } from "../../../src/schema/field.ts";
import { VARIABLES } from "./environment.ts";
import { code, fill, table } from "./markdown.ts";

const TEMPLATE = join(import.meta.dir, "configuration.template.md");

/** The page. */
export function configurationPage(): string {
  const places = ["--config FILE", ...configPlaces({ HEALTHCHECK_CONFIG: "$HEALTHCHECK_CONFIG" }, "~")];
  return fill(readFileSync(TEMPLATE, "utf8"), {
    places: places.map((place, index) => `${index + 1}. ${code(place)}`).join("\n"),
    environment: table(
      ["variable", "effect"],
      VARIABLES.map(({ name, about }) => [code(name), about]),
    ),
    keys: Object.keys(SECTIONS).map(sectionTable).join("\n\n"),
    defaults: defaultsFile(),
    common_fields: fieldTable(commonFields()),
    fields: checkTypeNames().map(typeSection).join("\n\n"),
  });
}

function sectionTable(section: string): string {
  const rows = leaves()
    .filter((leaf) => leaf.section === section)
    .map(({ name, about }) => [
      code(name),
      about.kind,
      code(about.fallback ?? ""),
      about.range,
      about.reload ? "yes" : "restart",
      describeField(about),
    ]);
  return `### \`${section}\`\n\n${table(["key", "type", "default", "allowed", "SIGHUP", "effect"], rows)}`;
}

/** Every key with its default, as a block of YAML. */
function defaultsFile(): string {
  const file = toFile(DEFAULT_CONFIG);
  const document = new Document(file, { aliasDuplicateObjects: false });
  for (const { section, name } of leaves()) {
    const node = document.getIn([section, name], true);
    if (typeof node === "object" && node !== null && "items" in node) Object.assign(node, { flow: true });
  }
  return `\`\`\`yaml\n${document.toString({ lineWidth: 120, flowCollectionPadding: false })}\`\`\``;
}

/** The reference of the fields that one check type adds. */
export function typeSection(type: string): string {
  return `### \`checker_type: ${type}\`\n\n${fieldTable(fieldsOfType(type) ?? [])}`;
}

/** The reference of some fields. @param noun - for the first column */
export function fieldTable(fields: readonly NamedFacts[], noun = "field"): string {
  return table(
    [noun, "type", "when absent", "allowed", "meaning"],
    fields.map((field) => [
      code(field.name),
      field.kind,
      field.fallback ?? "**required**",
      field.range,
      describeField(field),
    ]),
  );
}
