/**
 * TLS for gRPC to an address. The gRPC library sends whatever host it is given as the server's name, and an address may not be sent as
 * one (RFC 6066 3). Here no name is sent, and the certificate must be for the address.
 */

import type { Socket } from "node:net";
import { checkServerIdentity, connect, createSecureContext, type SecureContext } from "node:tls";
import { CallCredentials, ChannelCredentials } from "@grpc/grpc-js";
import { present, type Trust } from "./tls-files.ts";

type Connector = ReturnType<ChannelCredentials["_createSecureConnector"]>;

/**
 * gRPC credentials for a collector that is named by its IP address. No server name is sent (RFC 6066, 3), and the certificate must be
 * valid for the address.
 */
export class AddressCredentials extends ChannelCredentials {
  readonly #address: string;
  readonly #context: SecureContext;

  /**
   * Creates credentials for a collector that is addressed by IP.
   *
   * @param address - an IP address, without brackets
   * @throws Error when a certificate or the key is not valid
   */
  constructor(address: string, trust: Trust) {
    super();
    this.#address = address;
    this.#context = createSecureContext(present(trust));
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(): Connector {
    const none = CallCredentials.createEmpty();
    return {
      connect: async (socket) => ({ socket: await this.#shakeHands(socket), secure: true }),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => none,
      destroy: () => {},
    };
  }

  async #shakeHands(socket: Socket): Promise<Socket> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const secure = connect({
      socket,
      secureContext: this.#context,
      ALPNProtocols: ["h2"],
      // Said, so that no environment variable of the runtime decides it.
      rejectUnauthorized: true,
      // Without a name sent, the one that comes here is not what the certificate must be for.
      checkServerIdentity: (_, certificate) => checkServerIdentity(this.#address, certificate),
    });
    secure.once("secureConnect", () => resolve(undefined));
    // This handler stays attached: the HTTP/2 session reports later errors.
    secure.on("error", reject);
    secure.once("close", () => reject(new Error("closed in the handshake")));
    await promise;
    if (!secure.authorized) throw secure.authorizationError;
    return secure;
  }
}
