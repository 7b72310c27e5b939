/** The way to the backends: routes and the carrier of their links; looked up when they change, without sending a packet. */

import { CarrierLookup } from "../system/carrier-lookup.ts";
import { routeFailure } from "../system/route-failure.ts";
import { lookUpRoute } from "../system/route-lookup.ts";
import type { SockAddr } from "../system/sockaddr.ts";

/** Targets that one look takes: some milliseconds of the process. */
const MAX_TARGETS = 100;

/** Notices when the way to most of the backends is gone, and when it is back. */
export class Way {
  /** The targets that it was gone for. */
  #lost: readonly SockAddr[] = [];

  /**
   * Looks routes and links up.
   *
   * @param targets - of the backends that are healthy
   * @param all - of every backend: what is no longer one of them does not count
   * @param share - of the targets, above which the way counts as gone
   * @returns true while it is gone
   */
  isGone(targets: readonly SockAddr[], all: ReadonlySet<SockAddr>, share: number): boolean {
    const lost = this.#lost.filter((target) => all.has(target));
    const looked = lost.length > 0 ? lost : sample(targets);
    using carriers = new CarrierLookup();
    const gone = looked.filter((target) => hasNoRoute(target) || carriers.isLost(target));
    const isGone = gone.length > share * looked.length;
    this.#lost = isGone ? looked : [];
    return isGone;
  }
}

function hasNoRoute(target: SockAddr): boolean {
  return routeFailure(lookUpRoute(target).number, target) !== undefined;
}

function sample(targets: readonly SockAddr[]): readonly SockAddr[] {
  const step = Math.max(1, Math.ceil(targets.length / MAX_TARGETS));
  return targets.filter((_, index) => index % step === 0);
}
