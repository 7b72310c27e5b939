/**
 * Metric families that have a series for each healthcheck, rendered from the monitors' own counters, piece by piece:
 * ten thousand healthchecks are some 240,000 lines, and their sender must be able to pause in between.
 */

import { formatTarget } from "../checks/registry.ts";
import type { Histogram } from "../model/histogram.ts";
import type { Naming } from "../model/spec.ts";
import { STATES } from "../model/status.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { TRANSITIONS } from "../monitor/record.ts";
import type { ByteBuffer } from "./byte-buffer.ts";
import {
  escapeLabel,
  type FamilyType,
  type Format,
  familyHead,
  HistogramWriter,
  writeSample,
} from "./exposition.ts";

/** A metric family: its head, and the values of a monitor. */
interface CheckFamily {
  readonly name: string;
  readonly type: FamilyType;
  readonly help: string;
  /** @param labels - without braces */
  write(sheet: ByteBuffer, name: string, labels: string, monitor: Monitor): void;
}

const TRANSITION_LABELS = TRANSITIONS.map(({ from, to }) => `,from="${from}",to="${to}"`);

const FAMILIES: readonly CheckFamily[] = [
  {
    name: "healthcheck_info",
    type: "gauge",
    help: "Target of the healthcheck. Always 1.",
    write: (sheet, name, labels, { spec }) =>
      writeSample(
        sheet,
        name,
        labels,
        1,
        `,target="${escapeLabel(formatTarget(spec.check))}"${namingLabels(spec)}`,
      ),
  },
  {
    name: "healthcheck_checks_total",
    type: "counter",
    help: "Checks with a verdict, by result.",
    write: (sheet, name, labels, { status }) => {
      writeSample(sheet, name, labels, status.successes, ',result="success"');
      writeSample(sheet, name, labels, status.failures, ',result="failure"');
    },
  },
  {
    name: "healthcheck_state",
    type: "gauge",
    help: "State of the healthcheck: 0 unknown, 1 healthy, 2 unhealthy.",
    write: (sheet, name, labels, { health }) =>
      writeSample(sheet, name, labels, STATES.indexOf(health.state)),
  },
  {
    name: "healthcheck_consecutive_successes",
    type: "gauge",
    help: "Successes since the last failure.",
    write: (sheet, name, labels, { health }) => writeSample(sheet, name, labels, health.consecutiveSuccesses),
  },
  {
    name: "healthcheck_consecutive_failures",
    type: "gauge",
    help: "Failures since the last success.",
    write: (sheet, name, labels, { health }) => writeSample(sheet, name, labels, health.consecutiveFailures),
  },
  {
    name: "healthcheck_state_transitions_total",
    type: "counter",
    help: "State changes. Those between healthy and unhealthy are exposed from 0.",
    write: (sheet, name, labels, { record }) => {
      for (let at = 0; at < TRANSITION_LABELS.length; at++) {
        const count = record?.transitions[at] ?? 0;
        // Between healthy and unhealthy.
        const always = TRANSITIONS[at]?.from !== "unknown";
        if (always || count > 0) writeSample(sheet, name, labels, count, TRANSITION_LABELS[at]);
      }
    },
  },
];

/** `,name="web",label_rack="r12"`: the prefix keeps them apart from the family's own labels. */
function namingLabels({ name, labels }: Naming): string {
  let text = name === undefined ? "" : `,name="${escapeLabel(name)}"`;
  for (const [label, value] of labels ?? []) text += `,label_${label}="${escapeLabel(value)}"`;
  return text;
}

/** @param bounds - of every monitor's record */
function responseTimes(bounds: readonly number[]): CheckFamily {
  const name = "healthcheck_response_time_seconds";
  const writer = new HistogramWriter(name, bounds);
  return {
    name,
    type: "histogram",
    help: "Response time of the backend.",
    write: (sheet, _name, labels, { record }) => {
      if (record !== undefined) writer.write(sheet, labels, record.responseTimes);
    },
  };
}

/**
 * Writes them, one monitor of one family at a time; it stops after each.
 *
 * @param monitors - must not change meanwhile
 * @param histogramBounds - of the response times; undefined leaves them out
 */
export function* writeCheckFamilies(
  sheet: ByteBuffer,
  monitors: readonly Monitor[],
  histogramBounds: Histogram["bounds"] | undefined,
  format: Format,
): Generator<void> {
  const families = histogramBounds === undefined ? FAMILIES : [...FAMILIES, responseTimes(histogramBounds)];
  for (const family of families) {
    const { name, type, help } = family;
    sheet.text(familyHead(format, name, type, help));
    for (const monitor of monitors) {
      const { id, check } = monitor.spec;
      family.write(sheet, name, `id="${id}",type="${check.type}"`, monitor);
      yield;
    }
  }
}
