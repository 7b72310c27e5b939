/** A dialer whose UDP sockets are the test's: it keeps the datagrams that a check sends. Called by the tests of checkers over UDP. */
import type { SockAddr } from "../../../src/system/sockaddr.ts";
import type { UdpConnection, UdpOwner } from "../../../src/system/udp.ts";
import { FakeDialer } from "./fakes.ts";

/** Keeps the sent datagrams, and the owner of the newest socket, which waits for an answer. */
export class UdpDialer extends FakeDialer {
  readonly sent: Buffer[] = [];
  closes = 0;
  owner: UdpOwner | undefined;

  override openUdp(_address?: SockAddr, owner?: UdpOwner): UdpConnection {
    this.owner = owner;
    return { send: (bytes) => void this.sent.push(Buffer.from(bytes)), close: () => void this.closes++ };
  }
}
