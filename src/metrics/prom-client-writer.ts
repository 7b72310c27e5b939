/**
 * Writes what prom-client keeps. Its own rendering of OpenMetrics takes `_total` off the names for good, so that one scrape would
 * spoil the next one in the classic format.
 */
import type { Registry } from "prom-client";
import type { ByteBuffer } from "./byte-buffer.ts";
import { escapeLabel, type FamilyType, type Format, familyHead, writeSample } from "./exposition.ts";

/** Writes every family of a registry, in the order in which they were made. */
export async function writeRegistry(sheet: ByteBuffer, registry: Registry, format: Format): Promise<void> {
  for (const { name, help, type, values } of await registry.getMetricsAsJSON()) {
    // At run time the type is a string, whatever the declarations say.
    sheet.text(familyHead(format, name, String(type) as FamilyType, help));
    for (const entry of values) writeSample(sheet, nameOf(entry, name), labelsOf(entry.labels), entry.value);
  }
}

/** Samples of a histogram have names of their own. */
function nameOf(entry: object, family: string): string {
  return "metricName" in entry && typeof entry.metricName === "string" ? entry.metricName : family;
}

function labelsOf(labels: Readonly<Partial<Record<string, string | number>>>): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}="${escapeLabel(String(value))}"`)
    .join(",");
}
