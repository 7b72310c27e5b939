/** TLS files for the collector: the trusted CA certificates, and our own certificate and key. */
import { readCaBundle } from "../system/ca-bundle.ts";
import { readTextFile } from "../system/text-file.ts";
import type { ExporterSettings } from "./settings.ts";

/** PEM texts; undefined leaves it to the runtime. */
export interface Trust {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/**
 * Reads the files.
 *
 * @throws Error when one of them cannot be read
 */
export function readTrust({ caFile, certFile, keyFile }: ExporterSettings): Trust {
  const read = (file: string | undefined) => (file === undefined ? undefined : readTextFile(file));
  return { ca: readCaBundle(caFile)?.certificates.join("\n"), cert: read(certFile), key: read(keyFile) };
}

/** Returns the texts that exist, as node:tls takes them. */
export function present(trust: Trust): Partial<Record<keyof Trust, string>> {
  return Object.fromEntries(Object.entries(trust).filter(([, text]) => text !== undefined));
}
