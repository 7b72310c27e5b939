/** The way to the backends: routes and the carrier of their links; looked up when they change, without sending a packet. */

import { CarrierLookup } from "../system/carrier-lookup.ts";
import { routeFailure } from "../system/route-failure.ts";
import { lookUpRoute } from "../system/route-lookup.ts";
import { isWithin, type RouteLoss } from "../system/route-loss.ts";
import type { SockAddr } from "../system/sockaddr.ts";

/** Targets that one look takes: some milliseconds of the process. */
const MAX_TARGETS = 100;

/** Result of one look at the way. */
export interface WayLook {
  /** True while it is gone for more than a share of the targets. */
  readonly isGone: boolean;
  /** True when a carrier went since the look before; it may be back. */
  readonly wasInterrupted: boolean;
}

/** Notices when the way to most of the backends is gone, when it is back, and when it was gone between two looks. */
export class Way {
  /** The targets that it was gone for. */
  #lost: readonly SockAddr[] = [];
  /** Targets, own addresses, and links with the changes of their carriers, which checks used by the latest look that found a way. */
  #targets: readonly SockAddr[] = [];
  #sources: ReadonlySet<string> = new Set();
  #links: ReadonlyMap<number, number> = new Map();

  /**
   * Looks routes and links up.
   *
   * @param targets - of the backends that are healthy
   * @param all - of every backend: what is no longer one of them does not count
   * @param share - of the targets, above which the way counts as gone
   */
  look(targets: readonly SockAddr[], all: ReadonlySet<SockAddr>, share: number): WayLook {
    const lost = this.#lost.filter((target) => all.has(target));
    const looked = lost.length > 0 ? lost : sample(targets);
    using carriers = new CarrierLookup();
    const gone = looked.filter((target) => hasNoRoute(target) || carriers.isLost(target));
    const isGone = gone.length > share * looked.length;
    this.#lost = isGone ? looked : [];
    const wasInterrupted = !isGone && this.#learn(sample([...all]), carriers);
    return { isGone, wasInterrupted };
  }

  /** Returns true when a check that is under way may have used something that is lost. */
  isHit(losses: readonly RouteLoss[]): boolean {
    return losses.some((loss) => {
      if (loss.kind === "link") return this.#links.has(loss.index);
      if (loss.kind === "address") return this.#sources.has(loss.ip);
      return this.#targets.some((target) => isWithin(target, loss));
    });
  }

  /** Remembers what the way consists of. @returns true when a carrier of it changed */
  #learn(targets: readonly SockAddr[], carriers: CarrierLookup): boolean {
    const sources = new Set<string>();
    const links = new Map<number, number>();
    let hasChanged = false;
    for (const target of targets) {
      const { source } = lookUpRoute(target);
      if (source !== undefined) sources.add(source);
      const carrier = carriers.of(target);
      if (carrier === undefined) continue;
      links.set(carrier.link, carrier.changes);
      if ((this.#links.get(carrier.link) ?? carrier.changes) !== carrier.changes) hasChanged = true;
    }
    this.#targets = targets;
    this.#sources = sources;
    this.#links = links;
    return hasChanged;
  }
}

function hasNoRoute(target: SockAddr): boolean {
  return routeFailure(lookUpRoute(target).number, target) !== undefined;
}

function sample(targets: readonly SockAddr[]): readonly SockAddr[] {
  const step = Math.max(1, Math.ceil(targets.length / MAX_TARGETS));
  return targets.filter((_, index) => index % step === 0);
}
