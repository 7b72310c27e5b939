/** TCP_INFO of one socket: its state and its handshake as the kernel measured it. */
import {
  IPPROTO_TCP,
  libc,
  TCP_CLOSE,
  TCP_ESTABLISHED,
  TCP_INFO,
  TCP_INFO_BYTES,
  TCP_INFO_LAST_DATA_RECV_OFFSET,
  TCP_INFO_RTT_US_OFFSET,
  TCP_INFO_TOTAL_RETRANS_OFFSET,
} from "./libc.ts";

/** Reads TCP_INFO; what was read stays until the next call. One instance serves every socket, so a check allocates none. */
export class TcpInfo {
  readonly #bytes = new Uint8Array(new ArrayBuffer(TCP_INFO_BYTES));
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #length = new Uint32Array(1);

  /** Reads the kernel's information. @returns false when the kernel has none */
  read(fd: number): boolean {
    this.#length[0] = TCP_INFO_BYTES;
    return libc.getsockopt(fd, IPPROTO_TCP, TCP_INFO, this.#bytes, this.#length) === 0;
  }

  /** True when the connection is open. */
  get established(): boolean {
    return this.#bytes[0] === TCP_ESTABLISHED;
  }

  /** True when both ends have closed the connection and acknowledged that, or when it was reset. */
  get closed(): boolean {
    return this.#bytes[0] === TCP_CLOSE;
  }

  /**
   * Time since the newest data came, milliseconds. The kernel counts it in its own ticks, 1 to 10 ms each (CONFIG_HZ), so it is wrong by up to
   * one of them either way.
   */
  get sinceDataMs(): number {
    return this.#view.getUint32(TCP_INFO_LAST_DATA_RECV_OFFSET, true);
  }

  /** The handshake's round trip, milliseconds; undefined when a segment was sent again, which the kernel does not measure. */
  get rttMs(): number | undefined {
    const repeated = this.#view.getUint32(TCP_INFO_TOTAL_RETRANS_OFFSET, true) > 0;
    return repeated ? undefined : this.#view.getUint32(TCP_INFO_RTT_US_OFFSET, true) / 1_000;
  }
}
