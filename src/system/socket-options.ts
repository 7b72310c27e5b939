/** The options that a check's socket gets before it connects: SO_MARK, SO_BINDTODEVICE, and a source address. Applied by the sockets. */
import type { Address, SocketOptions } from "../model/spec.ts";
import { EADDRNOTAVAIL, EINVAL, ENODEV, EPERM, errnoMessage, localCause } from "./errno.ts";
import {
  errno,
  IP_BIND_ADDRESS_NO_PORT,
  libc,
  SO_BINDTODEVICE,
  SO_MARK,
  SOL_IP,
  SOL_SOCKET,
} from "./libc.ts";
import { type SockAddr, sockAddr } from "./sockaddr.ts";
import type { SetupFailure, SocketSetup } from "./socket-setup.ts";

const ON = new Int32Array([1]);
/** Remedies for a missing capability. */
const GRANT_MARK = "grant CAP_NET_ADMIN to the service, or CAP_NET_RAW from Linux 5.17 on";
const GRANT_INTERFACE = "grant CAP_NET_RAW to the service";

/** Socket options in the form that the kernel takes. */
export class PreparedOptions implements SocketSetup {
  readonly #options: SocketOptions;
  readonly #mark: Uint32Array | undefined;
  readonly #interface: Uint8Array | undefined;
  readonly #source: SockAddr | undefined;

  /** Prepares options. @param sourcePort - of the source address; 0 lets the kernel choose it in connect, when it knows the target */
  constructor(options: SocketOptions, sourcePort = 0) {
    const { mark, sourceIp, interface: name } = options;
    this.#options = options;
    this.#mark = mark === undefined ? undefined : new Uint32Array([mark]);
    this.#interface = name === undefined ? undefined : new TextEncoder().encode(name);
    this.#source = sourceIp === undefined ? undefined : sockAddr({ ip: sourceIp, port: sourcePort });
  }

  apply(fd: number): SetupFailure | undefined {
    const { mark, sourceIp, interface: name } = this.#options;
    if (this.#mark !== undefined && libc.setsockopt(fd, SOL_SOCKET, SO_MARK, this.#mark, 4) !== 0)
      return failure(`set mark ${mark}`, errno(), { [EPERM]: GRANT_MARK });
    if (this.#interface !== undefined && !bindToInterface(fd, this.#interface))
      return failure(`bind to interface ${name}`, errno(), {
        [EPERM]: GRANT_INTERFACE,
        [ENODEV]: "correct interface, or bring it up",
      });
    if (this.#source !== undefined && !bindToAddress(fd, this.#source))
      return failure(`bind to source_ip ${sourceIp}`, errno(), {
        [EADDRNOTAVAIL]: "correct source_ip, or add the address to this host",
      });
    return undefined;
  }

  connectFailure(number: number): SetupFailure | undefined {
    const { sourceIp } = this.#options;
    if (number !== EINVAL || this.#source?.local !== true) return undefined;
    return failure(`connect from source_ip ${sourceIp}`, number, {
      [EINVAL]: "correct source_ip: from a loopback address only this host can be reached",
    });
  }
}

/**
 * Makes the address that a check connects to, with the options of its sockets.
 *
 * @param options - undefined for none
 */
export function targetAddress(address: Address, options: SocketOptions | undefined): SockAddr {
  const target = sockAddr(address);
  return options === undefined ? target : { ...target, setup: new PreparedOptions(options) };
}

function bindToInterface(fd: number, name: Uint8Array): boolean {
  return libc.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, name.length) === 0;
}

function bindToAddress(fd: number, { bytes }: SockAddr): boolean {
  libc.setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, ON, 4);
  return libc.bind(fd, bytes, bytes.length) === 0;
}

/** @param remedies - by errno */
function failure(tried: string, number: number, remedies: Readonly<Record<number, string>>): SetupFailure {
  const remedy = remedies[number];
  // From `bind` without a port, EADDRNOTAVAIL means the address.
  const message = number === EADDRNOTAVAIL ? "address not available" : errnoMessage(number);
  const isMissing = number === ENODEV || number === EADDRNOTAVAIL || number === EINVAL;
  const cause = isMissing ? "network" : localCause(number);
  return {
    cause: cause ?? "fault",
    message: `${tried}: ${message}${remedy === undefined ? "" : `; ${remedy}`}`,
  };
}
