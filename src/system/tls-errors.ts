/** Turns errors of TLS libraries into messages that an operator on call reads at a glance. */
import { formatCount } from "../model/printable.ts";

/** `error:1000045c:SSL routines:OPENSSL_internal:TLSV1_ALERT_CERTIFICATE_REQUIRED` */
const LIBRARY = /^error:[0-9a-f]+:[^:]*:[^:]*:(?:(SSLV3|TLSV1)_ALERT_)?([A-Z0-9_]+)$/i;
/**
 * Message of node:tls and the runtime for a certificate of another name, with every name in it; they end the requested
 * name with a period.
 */
const MISMATCH =
  /^Hostname\/IP does not match certificate's altnames: (Host|IP): (\S+?)\.? is not (?:in the cert's altnames|cert's CN|in the cert's list): ?/;
/** Maximum number of a certificate's names in a sentence; it may hold thousands. */
const MAX_NAMES = 3;
/** Names in an alternative name: `DNS:a.example`, `IP Address:10.0.0.1`; others (`URI:`, `email:`) are not of hosts. */
const KIND = /^(?:DNS|IP Address):/;
const OTHER_KIND = /^[A-Za-z][A-Za-z ]*:/;

/**
 * Turns an error message of the runtime's TLS library, or of the verification of a certificate, into a short message.
 *
 * @returns `TLS alert from the peer: certificate required`, `wrong version number`, `certificate is for a.example,
 *   b.example, c.example and 1,497 more, not www.example.com`; other messages as they are
 */
export function tlsErrorMessage(message: string): string {
  const mismatch = MISMATCH.exec(message);
  if (mismatch !== null) {
    const [whole, kind, wanted = ""] = mismatch;
    const none = kind === "IP" ? "no IP address" : "no host name";
    return `certificate is for ${owners(message.slice(whole.length)) ?? none}, not ${wanted}`;
  }
  const [, alert, reason] = LIBRARY.exec(message) ?? [];
  if (reason === undefined) return message;
  const text = reason.toLowerCase().replaceAll("_", " ");
  return alert === undefined ? text : `TLS alert from the peer: ${text}`;
}

/** Lists the first names of a certificate and counts the others; undefined when none is a name of a host. */
function owners(list: string): string | undefined {
  const names: string[] = [];
  let count = 0;
  for (const entry of list.split(", ")) {
    const name = entry.replace(KIND, "");
    // A common name and the addresses of a list have no kind before them; an IPv6 address has colons, but no kind.
    if (name === "" || (name === entry && OTHER_KIND.test(entry) && !isAddress(entry))) continue;
    if (++count <= MAX_NAMES) names.push(name);
  }
  if (count === 0) return undefined;
  return count > MAX_NAMES
    ? `${names.join(", ")} and ${formatCount(count - MAX_NAMES)} more`
    : names.join(", ");
}

function isAddress(text: string): boolean {
  return /^[0-9a-f]*:[0-9a-f:.]*$/i.test(text);
}
