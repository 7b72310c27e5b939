/** A nameserver with everything that each query of it needs. */
import { type Address, formatAddress } from "../../model/spec.ts";
import { type SockAddr, sockAddr } from "../../system/sockaddr.ts";

/** A nameserver that is asked. */
export class Nameserver {
  readonly sockAddr: SockAddr;
  /** Its address for messages: `10.0.0.53:53`. */
  readonly text: string;

  constructor(readonly address: Address) {
    this.sockAddr = sockAddr(address);
    this.text = formatAddress(address);
  }
}
