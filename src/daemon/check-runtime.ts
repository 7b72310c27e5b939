/** What checks run on, put together: descriptors, dialer, scheduler, resolver, TLS. Used by the daemon and by `probe`. */
import { hostname } from "node:os";
import { VERSION } from "../build-info.ts";
import type { CheckerEnv } from "../checks/checker.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import { type Clock, systemClock } from "../system/clock.ts";
import { checkDescriptors, Descriptors, raiseDescriptorLimit } from "../system/descriptors.ts";
import { LibcDialer } from "../system/dialer.ts";
import { SystemResolver } from "../system/resolver.ts";
import { TlsContexts } from "../system/tls.ts";

/** Who hears of what should not happen. */
export interface CheckRuntimeEvents {
  /** The event loop stood still for so long. */
  stalled(stallMs: number): void;
  /** A tick of the scheduler came so long after its time. */
  ticked(lateMs: number): void;
  /** An exception where none should be; everything else goes on. */
  fault(error: unknown): void;
  /** Checks are due and wait, because all descriptors set aside for them are in use. Told on every tick. */
  exhausted(limit: number, waiting: number): void;
}

/** See the head of the file. */
export interface CheckRuntime {
  readonly clock: Clock;
  readonly descriptors: Descriptors;
  /** The process's soft limit on descriptors. */
  readonly descriptorLimit: number;
  readonly scheduler: Scheduler;
  readonly checkerEnv: CheckerEnv;
}

/**
 * Puts it together; raises the process's limit on descriptors.
 *
 * @param caFile - trusted authorities in place of the host's
 * @param env - the process's environment, for the variables of resolv.conf(5)
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
      // Connections whose check is over give way to those that are due.
      if (descriptors.exhausted && !dialer.reclaim()) events.exhausted(descriptors.limit, scheduler.backlog);
      return !descriptors.exhausted && !tls.handshakes.saturated;
    },
  });
  const checkerEnv = {
    clock: { nowMs: () => scheduler.activeMs, wallMs: () => clock.wallMs() },
    dialer,
    descriptors,
    tls,
    resolver: new SystemResolver(clock, {
      hostname: hostname(),
      localDomain: env["LOCALDOMAIN"],
      resOptions: env["RES_OPTIONS"],
    }),
    after: (delayMs: number, callback: () => void) => scheduler.after(delayMs, callback),
    userAgent: `seesaw-healthcheck/${VERSION}`,
  };
  return { clock, descriptors, descriptorLimit, scheduler, checkerEnv };
}
