/**
 * The CA certificates that are trusted: those of this host, or those of a file. A truncated or damaged file must not
 * make healthy backends look wrong, so this file reads every certificate of it: the runtime would stop at the first
 * invalid one without an error.
 */
import { X509Certificate } from "node:crypto";
import { readTextFile } from "./text-file.ts";

/** Paths at which distributions keep the CA certificates of this host. */
const BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu, Alpine, distroless
  "/etc/pki/tls/certs/ca-bundle.crt", // Fedora, RHEL
  "/etc/ssl/ca-bundle.pem", // SUSE
  "/etc/ssl/cert.pem", // Alpine, older
];

const EVERY_BLOCK = /^(?=-----BEGIN )/m;
/** The runtime knows both names; other blocks, keys for example, are passed over. */
const CERTIFICATE = /^-----BEGIN (?:X509 )?CERTIFICATE-----/;
/** Traces of a PEM block that is truncated, or of a kind that the runtime does not know. */
const TRACES = [/BEGIN [A-Z0-9 ]*CERTIFICATE/g, /END [A-Z0-9 ]*CERTIFICATE/g];
/** A file that was cut off where a certificate begins. */
const CUT = /\n-[^\n]*(?<!-----)$/;

/** The trusted CA certificates. */
export interface CaBundle {
  /** Path of the file. */
  readonly file: string;
  /** In PEM, one a text. */
  readonly certificates: readonly string[];
  /** Certificates of the file that could not be read, for a sentence: `certificate 3 in /etc/ca.pem cannot be read`. */
  readonly unread: string | undefined;
}

/** The CA certificates cannot be read. A local fault; the message is for the operator. */
export class CaBundleError extends Error {
  override readonly name = "CaBundleError";
}

/**
 * Reads the CA certificates.
 *
 * @param file - replaces the host's
 * @returns undefined when the host has none, which leaves it to those that the runtime carries
 * @throws CaBundleError when the file cannot be read or holds no certificate
 */
export function readCaBundle(file: string | undefined): CaBundle | undefined {
  if (file !== undefined) return parse(file, read(file));
  for (const bundle of BUNDLES) {
    const text = read(bundle, "ENOENT");
    if (text !== undefined) return parse(bundle, text);
  }
  return undefined;
}

/** @param missing - the error that means another distribution; any other must not silently change the trusted certificates */
function read(file: string, missing: "ENOENT"): string | undefined;
function read(file: string): string;
function read(file: string, missing?: string): string | undefined {
  try {
    return readTextFile(file);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if ("code" in error && error.code === missing) return undefined;
    throw new CaBundleError(`cannot read the CA certificates: ${error.message}`, { cause: error });
  }
}

function parse(file: string, text: string): CaBundle {
  const blocks = text
    .replace(/^\ufeff/, "")
    .split(EVERY_BLOCK)
    .filter((block) => CERTIFICATE.test(block));
  const certificates: string[] = [];
  let unread: string | undefined;
  for (const [index, block] of blocks.entries()) {
    if (isReadable(block)) certificates.push(block);
    else unread ??= `cannot parse certificate ${index + 1} in ${file}`;
  }
  const most = Math.max(...TRACES.map((trace) => text.match(trace)?.length ?? 0));
  if (most > certificates.length || CUT.test(`\n${text.trimEnd()}`)) {
    unread ??= `${file} contains a truncated or unsupported certificate`;
  }
  if (certificates.length === 0) {
    throw new CaBundleError(unread ?? `no CA certificate found in ${file} (PEM expected)`);
  }
  return { file, certificates, unread };
}

function isReadable(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}
