/** Every scenario of the benchmark, in the order in which they run: the one file that names them all. Called by main.ts. */
import type { Scenario } from "./scenario.ts";
import { cutOff } from "./scenarios/cut-off.ts";
import { failoverLatency } from "./scenarios/failover-latency.ts";
import { force } from "./scenarios/force.ts";
import {
  dns,
  http,
  http10k,
  https,
  httpsSlow,
  radius,
  tcp,
  tcp10k,
  udp,
} from "./scenarios/haproxy-comparison.ts";
import { idle, start } from "./scenarios/idle-and-startup.ts";
import { massFlap } from "./scenarios/mass-flap.ts";
import { metrics } from "./scenarios/metrics.ts";
import { pings } from "./scenarios/pings.ts";
import { resend } from "./scenarios/resend.ts";
import { tcp1k, tcp10kSlow, tcp50kSlow, tcp100 } from "./scenarios/steady.ts";
import { blackholes, overload, scrape } from "./scenarios/stress.ts";
import { telemetry } from "./scenarios/telemetry.ts";

/** Scenarios of one group stand together. */
export const SCENARIOS: readonly Scenario[] = [
  ...[tcp, dns, udp, radius, http, https, httpsSlow, tcp10k, http10k],
  pings,
  ...[tcp100, tcp1k, tcp10kSlow, tcp50kSlow],
  ...[blackholes, scrape, overload],
  ...[massFlap, resend, failoverLatency, force, idle, start, metrics, telemetry],
  cutOff,
];
