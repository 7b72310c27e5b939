/** The runtime of checks: descriptors, dialer, scheduler, resolver, TLS. Used by the daemon and by `probe`. */
import { hostname } from "node:os";
import { VERSION } from "../build-info.ts";
import type { CheckerEnv } from "../checks/checker.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import { type Clock, systemClock } from "../system/clock.ts";
import { checkDescriptors, Descriptors, raiseDescriptorLimit } from "../system/descriptors.ts";
import { LibcDialer } from "../system/dialer.ts";
import { SystemResolver } from "../system/resolver.ts";
import type { OnRouteChange } from "../system/route-events.ts";
import { TlsContexts } from "../system/tls.ts";

/** Receives the problems of the runtime. */
export interface CheckRuntimeEvents {
  /** Receives that the event loop stalled. */
  stalled(stallMs: number): void;
  /** Receives a tick of the scheduler. @param lateMs - milliseconds after its planned time */
  ticked(lateMs: number): void;
  /** Receives an unexpected exception; everything else continues. */
  fault(error: unknown): void;
  /** Receives, on every tick, that due checks wait because all descriptors for checks are in use. */
  exhausted(limit: number, waiting: number): void;
}

/** Everything that checks share. */
export interface CheckRuntime {
  readonly clock: Clock;
  readonly descriptors: Descriptors;
  /** Soft limit of the process on descriptors. */
  readonly descriptorLimit: number;
  readonly scheduler: Scheduler;
  readonly checkerEnv: CheckerEnv;
  /** Closes sockets that are kept for the next checks and were not needed lately; called now and then. */
  trim(): void;
  /** Calls back when links, addresses, routes or rules of this host have changed. @throws Error when this host does not allow it */
  watchRoutes(changed: OnRouteChange): void;
}

/**
 * Creates the runtime, and raises the process's limit on descriptors.
 *
 * @param caFile - file with trusted CA certificates, in place of the host's
 * @param env - environment of the process, for the variables of resolv.conf(5)
 */
export function createCheckRuntime(
  caFile: string | undefined,
  events: CheckRuntimeEvents,
  env: Readonly<Record<string, string | undefined>>,
): CheckRuntime {
  const clock = systemClock;
  const descriptorLimit = raiseDescriptorLimit().soft;
  const descriptors = new Descriptors(checkDescriptors(descriptorLimit));
  const tls = new TlsContexts(caFile, clock);
  const dialer = new LibcDialer(descriptors, (error) => events.fault(error));
  const scheduler = new Scheduler(clock, dialer, {
    ...events,
    mayStart: () => {
      // Connections whose check is over are closed in favor of due checks.
      if (descriptors.exhausted && !dialer.reclaim()) events.exhausted(descriptors.limit, scheduler.backlog);
      return !descriptors.exhausted && !tls.handshakes.saturated;
    },
  });
  const checkerEnv = {
    clock: { nowMs: () => scheduler.activeMs, wallMs: () => clock.wallMs() },
    dialer,
    tls,
    resolver: new SystemResolver(clock, {
      hostname: hostname(),
      localDomain: env["LOCALDOMAIN"],
      resOptions: env["RES_OPTIONS"],
    }),
    after: (delayMs: number, callback: () => void) => scheduler.after(delayMs, callback),
    userAgent: `seesaw-healthcheck/${VERSION}`,
  };
  return {
    clock,
    descriptors,
    descriptorLimit,
    scheduler,
    checkerEnv,
    trim: () => dialer.trim(clock.nowMs()),
    watchRoutes: (changed) => dialer.watchRoutes(changed),
  };
}
