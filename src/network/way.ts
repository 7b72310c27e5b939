/** The way to the backends in the routing table of this host; looked up when the table changes, without sending a packet. */

import { routeFailure } from "../system/route-failure.ts";
import { lookUpRoute } from "../system/route-lookup.ts";
import type { SockAddr } from "../system/sockaddr.ts";

/** Targets that one look takes: a millisecond of the process. */
const MAX_TARGETS = 200;

/** Notices when the way to most of the backends is gone, and when it is back. */
export class Way {
  /** The targets that it was gone for. */
  #lost: readonly SockAddr[] = [];

  /**
   * Looks the routes up.
   *
   * @param targets - of the backends that are healthy
   * @param share - of the targets, above which the way counts as gone
   * @returns true while it is gone
   */
  isGone(targets: readonly SockAddr[], share: number): boolean {
    const looked = this.#lost.length > 0 ? this.#lost : sample(targets);
    const gone = looked.filter((target) => routeFailure(lookUpRoute(target).number, target) !== undefined);
    const isGone = gone.length > share * looked.length;
    this.#lost = isGone ? looked : [];
    return isGone;
  }
}

function sample(targets: readonly SockAddr[]): readonly SockAddr[] {
  const step = Math.max(1, Math.ceil(targets.length / MAX_TARGETS));
  return targets.filter((_, index) => index % step === 0);
}
