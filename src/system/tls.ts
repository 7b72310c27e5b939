/**
 * TLS contexts for outgoing connections. A context holds the parsed CA certificates, which are expensive to load, so
 * the process has one context of each kind.
 */
import { isIP } from "node:net";
import { createSecureContext } from "node:tls";
import type { TlsSpec } from "../model/spec.ts";
import { CaBundleError, readCaBundle } from "./ca-bundle.ts";
import type { Clock } from "./clock.ts";
import { HandshakeGate } from "./handshake-gate.ts";

/** TLS settings of a stream. */
export interface TlsOptions {
  /** The `tls` option of `Bun.connect`. */
  readonly runtime: {
    /** Sent as SNI and looked for in the certificate. */
    readonly serverName?: string;
    readonly rejectUnauthorized: boolean;
    readonly secureContext: object;
  };
  /** True when the certificate must be valid. */
  readonly verify: boolean;
  /** The address that the certificate must be for, where the target has no name. */
  readonly address: string | undefined;
  /** CA certificate that could not be read: it may have signed a certificate that the others have not. */
  readonly unread: string | undefined;
  /** Counter of handshakes. */
  readonly handshakes: HandshakeGate;
}

/** Trusted CA certificates of a connection. */
interface Trust {
  /** The runtime's, which `Bun.connect` takes. */
  readonly context: object;
  readonly unread: string | undefined;
}

/**
 * The key exchange groups (RFC 8446, 4.2.7), without the post-quantum X25519MLKEM768: its key share of 1,216 bytes makes a ClientHello
 * of two segments, and servers and firewalls exist that take the first segment for all of it. The library sends that share wherever
 * the group is in the list, so it cannot be offered as a last resort.
 */
const GROUPS = "X25519:P-256:P-384:P-521";

/** Time after which unreadable CA certificates are read again. */
const READ_AGAIN_MS = 1_000;

/** Creates the TLS options of streams. The CA certificates are read once, and again when they were unreadable. */
export class TlsContexts {
  readonly handshakes = new HandshakeGate();
  /** Path of the CA certificates; once found on the host, it must stay readable. */
  #caFile: string | undefined;
  readonly #clock: Clock;
  #trust: Trust | CaBundleError | undefined;
  #readAtMs = 0;
  #emptyTrust: Trust | undefined;

  /** @param caFile - CA certificates in PEM instead of the host's; the environment's SSL_CERT_FILE for the daemon */
  constructor(caFile: string | undefined, clock: Clock) {
    this.#caFile = caFile === "" ? undefined : caFile;
    this.#clock = clock;
  }

  /**
   * Creates the TLS options of a healthcheck.
   *
   * @param spec - the TLS settings of the healthcheck
   * @throws CaBundleError when the certificate matters and the CA certificates cannot be read
   */
  options(spec: TlsSpec): TlsOptions {
    const { verify, serverName } = spec;
    const { handshakes } = this;
    const { context, unread } = verify ? this.#trusted() : this.#withoutTrust();
    const named = isIP(serverName) === 0;
    // An address may not be sent as SNI (RFC 6066 3), and some servers reject a client that sends one. Without a name the
    // runtime cannot check the subject of the certificate, so the stream does.
    const runtime = named
      ? { serverName, rejectUnauthorized: verify, secureContext: context }
      : { rejectUnauthorized: false, secureContext: context };
    return { runtime, verify, address: named ? undefined : serverName, unread, handshakes };
  }

  /** Reads the CA certificates again at the next use; they are renewed now and then. */
  forget(): void {
    this.#trust = undefined;
  }

  #trusted(): Trust {
    const nowMs = this.#clock.nowMs();
    let trust = this.#trust;
    const inDoubt = trust instanceof CaBundleError || trust?.unread !== undefined;
    if (trust === undefined || (inDoubt && nowMs - this.#readAtMs >= READ_AGAIN_MS)) {
      trust = this.#read();
      this.#trust = trust;
      this.#readAtMs = nowMs;
    }
    if (trust instanceof CaBundleError) throw trust;
    return trust;
  }

  #read(): Trust | CaBundleError {
    try {
      const found = readCaBundle(this.#caFile);
      this.#caFile ??= found?.file;
      return { context: makeContext(found?.certificates), unread: found?.unread };
    } catch (error) {
      if (error instanceof CaBundleError) return error;
      const message = error instanceof Error ? error.message : String(error);
      return new CaBundleError(`cannot use the CA certificates: ${message}`, { cause: error });
    }
  }

  /** Trust for connections that do not verify certificates; it never needs a CA certificate. */
  #withoutTrust(): Trust {
    this.#emptyTrust ??= { context: makeContext([]), unread: undefined };
    return this.#emptyTrust;
  }
}

/** Makes the runtime's context for outgoing connections. @param ca - CA certificates in PEM; undefined means those that the runtime carries */
function makeContext(ca: readonly string[] | undefined): object {
  const made: object = createSecureContext({
    ecdhCurve: GROUPS,
    // A trusted intermediate certificate suffices without the root above it, as in Go and curl (X509_V_FLAG_PARTIAL_CHAIN).
    allowPartialTrustChain: true,
    ...(ca === undefined ? {} : { ca: [...ca] }),
  });
  // `Bun.connect` takes the native context inside, which the types of node:tls do not show.
  const { context } = made as { readonly context?: object };
  if (context === undefined) throw new Error("make a TLS context: the runtime gave none");
  return context;
}
