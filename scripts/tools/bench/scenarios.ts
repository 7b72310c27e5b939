/** Every scenario of the benchmark, in the order in which they run: the one file that names them all. Called by main.ts. */
import type { Scenario } from "./scenario.ts";
import { http, tcp } from "./scenarios/against.ts";
import { death } from "./scenarios/death.ts";
import { flap } from "./scenarios/flap.ts";
import { blackholes, overload, scrape } from "./scenarios/hard.ts";
import { metrics } from "./scenarios/metrics.ts";
import { resend } from "./scenarios/resend.ts";
import { idle, start } from "./scenarios/small.ts";
import { dns, https, httpsSlow, tcp1k, tcp10k, tcp10kSlow, tcp50kSlow, tcp100 } from "./scenarios/steady.ts";
import { telemetry } from "./scenarios/telemetry.ts";

/** Scenarios of one group stand together. */
export const SCENARIOS: readonly Scenario[] = [
  ...[tcp, http],
  ...[dns, httpsSlow, https, tcp100, tcp1k, tcp10k, tcp10kSlow, tcp50kSlow],
  ...[blackholes, scrape, overload],
  ...[flap, resend, death, idle, start, metrics, telemetry],
];
