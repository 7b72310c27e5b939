/**
 * TLS contexts for outgoing connections. A context holds the parsed certificates of the trusted authorities, which is
 * expensive to make, so there is one of each kind for the whole process.
 */
import { isIP } from "node:net";
import { createSecureContext } from "node:tls";
import type { TlsSpec } from "../model/spec.ts";
import { Handshakes } from "./handshakes.ts";
import { readTextFile } from "./text-file.ts";

/** Where distributions keep the authorities that this host trusts. */
const BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu, Alpine, distroless
  "/etc/pki/tls/certs/ca-bundle.crt", // Fedora, RHEL
  "/etc/ssl/ca-bundle.pem", // SUSE
  "/etc/ssl/cert.pem", // Alpine, older
];

/** How a stream does TLS. */
export interface TlsOptions {
  /** What `Bun.connect` takes as `tls`. */
  readonly runtime: {
    /** Sent as SNI and looked for in the certificate. */
    readonly serverName?: string;
    readonly rejectUnauthorized: boolean;
    readonly secureContext: object;
  };
  /** Whether the certificate must be valid. */
  readonly verify: boolean;
  /** The address that the certificate must be for, where the target has no name. */
  readonly address: string | undefined;
  /** Where its handshake is counted. */
  readonly handshakes: Handshakes;
}

/** Hands out TLS options; see the head of the file. */
export class TlsContexts {
  readonly handshakes = new Handshakes();
  readonly #caFile: string | undefined;
  #context: object | undefined;

  /** @param caFile - authorities in PEM instead of the host's; the environment's SSL_CERT_FILE for the daemon */
  constructor(caFile: string | undefined) {
    this.#caFile = caFile === "" ? undefined : caFile;
  }

  /**
   * @param spec - what the healthcheck wants of TLS
   * @throws Error when the file of authorities that was asked for cannot be read or holds no certificate
   */
  options(spec: TlsSpec): TlsOptions {
    this.#context ??= this.#load();
    const { verify, serverName } = spec;
    const { handshakes } = this;
    const secureContext = this.#context;
    if (isIP(serverName) === 0) {
      return {
        runtime: { serverName, rejectUnauthorized: verify, secureContext },
        verify,
        address: undefined,
        handshakes,
      };
    }
    // An address may not be sent as SNI (RFC 6066 3), and some servers refuse a client that does. Without a name the
    // runtime cannot judge whom the certificate is for, so the stream does that.
    const runtime = { rejectUnauthorized: false, secureContext };
    return { runtime, verify, address: serverName, handshakes };
  }

  /** Reads the authorities again at the next use; they are renewed now and then. */
  forget(): void {
    this.#context = undefined;
  }

  #load(): object {
    const ca = authorities(this.#caFile);
    const made: object = createSecureContext(ca === undefined ? {} : { ca });
    // `Bun.connect` takes the native context inside, which the types of node:tls do not show.
    const { context } = made as { readonly context?: object };
    if (context === undefined) throw new Error("make a TLS context: the runtime gave none");
    return context;
  }
}

/**
 * The trusted authorities in PEM; undefined means those that the runtime carries.
 *
 * @param file - in place of the host's
 * @throws Error when they cannot be read
 */
export function authorities(file: string | undefined): string | undefined {
  return file === undefined ? hostAuthorities() : readTextFile(file);
}

/** The host's authorities in PEM; undefined means those that the runtime carries. */
function hostAuthorities(): string | undefined {
  for (const bundle of BUNDLES) {
    try {
      return readTextFile(bundle);
    } catch (error) {
      // Not this distribution; the next one. Any other fault must not silently change whom we trust.
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
  }
  return undefined;
}
