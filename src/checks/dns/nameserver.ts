/** A nameserver with everything that each query of it needs. */
import { type Address, formatAddress, formatVia, type SocketOptions } from "../../model/spec.ts";
import type { SockAddr } from "../../system/sockaddr.ts";
import { targetAddress } from "../../system/socket-options.ts";

/** A nameserver that is asked. */
export class Nameserver {
  readonly sockAddr: SockAddr;
  /** Its address for messages: `10.0.0.53:53`. */
  readonly text: string;

  /** @param socket - options of every socket that asks it; undefined for none */
  constructor(
    readonly address: Address,
    readonly socket: SocketOptions | undefined,
  ) {
    this.sockAddr = targetAddress(address, socket);
    this.text = formatAddress(address) + formatVia(socket);
  }
}
