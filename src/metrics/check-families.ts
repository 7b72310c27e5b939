/**
 * Metric families that have a series for each healthcheck, rendered from the monitors' own counters, piece by piece:
 * ten thousand healthchecks are some 240,000 lines, and their sender must be able to pause in between.
 */

import { formatTarget } from "../checks/registry.ts";
import type { Histogram } from "../model/histogram.ts";
import type { Naming } from "../model/spec.ts";
import { STATES } from "../model/status.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { OVERRIDE_ACTIONS } from "../monitor/override.ts";
import { TRANSITIONS } from "../monitor/record.ts";
import type { ByteBuffer } from "./byte-buffer.ts";
import {
  encodeText,
  escapeLabel,
  type FamilyType,
  type Format,
  familyHead,
  HistogramWriter,
  SampleWriter,
} from "./exposition.ts";

/** A metric family: its head, and the values of a monitor. */
interface CheckFamily {
  readonly name: string;
  readonly type: FamilyType;
  readonly help: string;
  /** @param labels - of the healthcheck, without braces */
  write(sheet: ByteBuffer, labels: Uint8Array, monitor: Monitor): void;
}

const INFO = "healthcheck_info";

const FAMILIES: readonly CheckFamily[] = [
  {
    name: INFO,
    type: "gauge",
    help: "Target of the healthcheck. Always 1.",
    write: (sheet, labels, { spec }) => {
      sheet.text(`${INFO}{`);
      sheet.bytes(labels);
      sheet.text(`,target="${escapeLabel(formatTarget(spec.check))}"${namingLabels(spec)}} 1\n`);
    },
  },
  results(),
  gauge("healthcheck_state", "State of the healthcheck: 0 unknown, 1 healthy, 2 unhealthy.", ({ state }) =>
    STATES.indexOf(state),
  ),
  damped(),
  forced(),
  gauge(
    "healthcheck_consecutive_successes",
    "Successes since the last failure.",
    ({ health }) => health.consecutiveSuccesses,
  ),
  gauge(
    "healthcheck_consecutive_failures",
    "Failures since the last success.",
    ({ health }) => health.consecutiveFailures,
  ),
  transitions(),
];

function gauge(name: string, help: string, value: (monitor: Monitor) => number): CheckFamily {
  const writer = new SampleWriter(name, "");
  return {
    name,
    type: "gauge",
    help,
    write: (sheet, labels, monitor) => writer.write(sheet, labels, value(monitor)),
  };
}

function damped(): CheckFamily {
  const name = "healthcheck_damped";
  const writer = new SampleWriter(name, "");
  return {
    name,
    type: "gauge",
    help: "1 while the backend flaps and therefore stays unhealthy, else 0. Only for healthchecks with damping.",
    write: (sheet, labels, { spec, isDamped }) => {
      if (spec.damping !== undefined) writer.write(sheet, labels, isDamped ? 1 : 0);
    },
  };
}

function forced(): CheckFamily {
  const name = "healthcheck_forced";
  const writers = OVERRIDE_ACTIONS.map((action) => ({
    action,
    writer: new SampleWriter(name, `,action="${action}"`),
  }));
  return {
    name,
    type: "gauge",
    help: "1 for a healthcheck that an operator has forced or paused, with the action. No series for any other.",
    write: (sheet, labels, { override }) => {
      if (override !== undefined)
        writers.find(({ action }) => action === override.action)?.writer.write(sheet, labels, 1);
    },
  };
}

function results(): CheckFamily {
  const name = "healthcheck_checks_total";
  const success = new SampleWriter(name, ',result="success"');
  const failure = new SampleWriter(name, ',result="failure"');
  return {
    name,
    type: "counter",
    help: "Checks with a verdict, by result.",
    write: (sheet, labels, { status, countedEarlier }) => {
      // Counters of an earlier process may be older than its last scrape, and a counter that steps back distorts every rate.
      success.write(sheet, labels, status.successes - countedEarlier.successes);
      failure.write(sheet, labels, status.failures - countedEarlier.failures);
    },
  };
}

function transitions(): CheckFamily {
  const name = "healthcheck_state_transitions_total";
  const writers = TRANSITIONS.map(({ from, to }) => ({
    writer: new SampleWriter(name, `,from="${from}",to="${to}"`),
    isBetweenKnown: from !== "unknown",
  }));
  return {
    name,
    type: "counter",
    help: "State changes. Those between healthy and unhealthy are exposed from 0.",
    write: (sheet, labels, { record }) => {
      writers.forEach(({ writer, isBetweenKnown }, at) => {
        const count = record?.transitions[at] ?? 0;
        if (isBetweenKnown || count > 0) writer.write(sheet, labels, count);
      });
    },
  };
}

/** `,name="web",label_rack="r12"`: the prefix keeps them apart from the family's own labels. */
function namingLabels({ name, labels }: Naming): string {
  let text = name === undefined ? "" : `,name="${escapeLabel(name)}"`;
  for (const [label, value] of labels ?? []) text += `,label_${label}="${escapeLabel(value)}"`;
  return text;
}

/** @param bounds - of every monitor's record */
function responseTimes(bounds: readonly number[]): CheckFamily {
  const name = "healthcheck_response_time_seconds";
  const writer = new HistogramWriter(name, bounds, true);
  return {
    name,
    type: "histogram",
    help: "Response time of the backend.",
    write: (sheet, labels, { record }) => {
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
  const labels: Uint8Array[] = [];
  for (const { spec } of monitors) {
    labels.push(encodeText(`id="${spec.id}",type="${spec.check.type}"`));
    yield;
  }
  for (const { name, type, help, write } of families) {
    sheet.text(familyHead(format, name, type, help));
    for (let at = 0; at < monitors.length; at++) {
      const monitor = monitors[at];
      const own = labels[at];
      if (monitor !== undefined && own !== undefined) write(sheet, own, monitor);
      yield;
    }
  }
}
