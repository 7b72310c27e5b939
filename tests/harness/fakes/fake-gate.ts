/** A gate in place of the network guard, for one monitor. Called by tests/monitor. */
import type { GateMember, GateOwner, NetworkEvidence } from "../../../src/monitor/network-gate.ts";

/** A gate that the test opens and closes. */
export class FakeGate {
  readonly holdMs = 10_000;
  readonly evidence: NetworkEvidence[] = [];
  isOpen = true;
  owner: GateOwner | undefined;

  join(owner: GateOwner): GateMember {
    this.owner = owner;
    return {
      began: () => {},
      reached: () => {},
      ended: (evidence, falls) => {
        this.evidence.push(evidence);
        return this.isOpen || !falls;
      },
      became: () => {},
      leave: () => {},
    };
  }
}
