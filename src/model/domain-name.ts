/** Names of hosts and domains, in ASCII as they go over the wire. */

const HOST = /^[^\s/?#@\\\p{Cc}]+$/u;
const ASCII = /^[\x21-\x7e]*$/;
/**
 * Non-ASCII characters that may appear beside letters: the rest of ASCII would end the host of a URL, or have another
 * meaning there.
 */
const INTERNATIONAL = /^(?:[\w.*-]|[^\p{ASCII}])+$/u;
/** At most 255 bytes with the lengths of its labels (RFC 1035, 2.3.4), or the root. */
const DOMAIN_NAME = /^(?:\.|(?=.{1,253}\.?$)(?:[\x21-\x2d\x2f-\x7e]{1,63}(?:\.|$))+)$/;

/**
 * Writes what is not ASCII in Punycode, as URLs have it (UTS 46): `grün.example` is `xn--grn-ioa.example`. ASCII stays as it is.
 *
 * @param name - of a host, without a port
 * @returns undefined when it cannot be converted
 */
export function asciiName(name: string): string | undefined {
  if (ASCII.test(name)) return name;
  return INTERNATIONAL.test(name) ? URL.parse(`http://${name}/`)?.hostname : undefined;
}

/**
 * Validates a host name or address.
 *
 * @param text - host name or address, perhaps with a port
 * @returns the host; undefined when it is not valid
 */
export function hostName(text: string): string | undefined {
  if (!HOST.test(text)) return undefined;
  const [port = ""] = /:[0-9]+$/.exec(text) ?? [];
  const name = asciiName(text.slice(0, text.length - port.length));
  return name === undefined ? undefined : `${name}${port}`;
}

/**
 * Validates a domain name.
 *
 * @param text - with or without a dot at its end; a dot alone is the root
 * @returns undefined when it is not a name that can be queried (RFC 1035, 2.3.4)
 */
export function domainName(text: string): string | undefined {
  const name = asciiName(text);
  return name !== undefined && DOMAIN_NAME.test(name) ? name : undefined;
}

/** Removes the final dot of an absolute name; the root keeps it. */
export function withoutLastDot(name: string): string {
  return name.replace(/(?<=.)\.$/, "");
}
