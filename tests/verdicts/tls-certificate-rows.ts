/** Behavior of backends in checks over TLS with certificates and names. */
import type { Behavior } from "./behavior.ts";
import { guarded, secure } from "./tls-backend.ts";
import { answer, https, shows } from "./tls-row.ts";

/** Maximum payload of a segment at MTU 1500, with IPv4 and TCP timestamps. */
const SEGMENT_BYTES = 1_448;
const UNVERIFIED = { tls_verify: false };

/** The server name of a ClientHello, read far enough for these rows. */
function sniOf(bytes: Buffer): string | undefined {
  for (let at = 0; at + 9 <= bytes.length; at++) {
    // The extension's type, then its length, the list's length, the name's type and the name's length.
    const [type, size, list, kind, name] = [
      bytes.readUInt16BE(at),
      bytes.readUInt16BE(at + 2),
      bytes.readUInt16BE(at + 4),
      bytes[at + 6],
      bytes.readUInt16BE(at + 7),
    ];
    if (type === 0 && size === name + 5 && list === name + 3 && kind === 0) {
      return bytes.toString("latin1", at + 9, at + 9 + name);
    }
  }
  return undefined;
}

/** Starts a good backend behind a device that reads the ClientHello. */
function admitting(admits: (first: Buffer) => boolean): Behavior["start"] {
  return async (world) => guarded(await secure(world.pki.pem("good"), answer), admits);
}

/** All of them. */
export const TLS_CERTIFICATE_ROWS: readonly Behavior[] = [
  https("good", "has a valid certificate", shows("good"), "L7OK"),
  https("rsa", "has a valid certificate with an RSA key", shows("rsa"), "L7OK"),
  https("expired", "has an expired certificate", shows("expired"), "L6RSP"),
  https("not-yet-valid", "has a certificate that is not valid yet", shows("future"), "L6RSP"),
  https("other-name", "has a certificate for another name", shows("other"), "L6RSP"),
  https("self-signed", "has a self-signed certificate", shows("selfSigned"), "L6RSP"),
  https("pinned", "has a self-signed certificate that is trusted", shows("pinned"), "L7OK"),
  https("unknown-authority", "has a certificate of an unknown authority", shows("foreignLeaf"), "L6RSP"),
  https("intermediate", "sends its intermediate authority", shows("issued", "issuer"), "L7OK"),
  https("whole-chain", "sends its intermediate and its root", shows("issued", "issuer", "root"), "L7OK"),
  https(
    "unrelated-chain",
    "sends an unrelated certificate before its intermediate",
    shows("issued", "other", "issuer"),
    "L7OK",
  ),
  https("intermediate-missing", "does not send its intermediate authority", shows("issued"), "L6RSP"),
  https(
    "anchor",
    "has a certificate of a trusted intermediate whose root is not trusted",
    shows("anchored"),
    "L7OK",
    {},
    {},
  ),
  https("anchor-sent", "sends such an intermediate as well", shows("anchored", "anchor"), "L7OK", {}, {}),
  https(
    "wildcard",
    "has a certificate for `*.good.test`, asked as `a.good.test`",
    shows("wildcard"),
    "L7OK",
    { server_name: "a.good.test" },
  ),
  https(
    "wildcard-two-labels",
    "has a certificate for `*.good.test`, asked as `a.b.good.test`",
    shows("wildcard"),
    "L6RSP",
    { server_name: "a.b.good.test" },
  ),
  https(
    "wildcard-bare",
    "has a certificate for `*.good.test`, asked as `good.test`",
    shows("wildcard"),
    "L6RSP",
  ),
  https("capitals", "is asked as `GOOD.test`", shows("good"), "L7OK", { server_name: "GOOD.test" }),
  https(
    "name-only",
    "has a certificate with a common name and no alternative names",
    shows("nameOnly"),
    "L7OK",
  ),
  https(
    "other-alternative",
    "has a certificate with another alternative name than its common name",
    shows("otherSan"),
    "L6RSP",
  ),
  https("for-clients", "has a certificate for clients only", shows("forClients"), "L6RSP"),
  https("address", "has a certificate for its address, asked by address", shows("address"), "L7OK", {
    server_name: undefined,
  }),
  https(
    "other-address",
    "has a certificate for another address, asked by address",
    shows("otherAddress"),
    "L6RSP",
    { server_name: undefined },
    {},
  ),
  https(
    "address-name",
    "has a certificate for a name only, asked by address",
    shows("good"),
    "L6RSP",
    { server_name: undefined },
    {},
  ),
  https("trailing-dot", "is asked as `good.test.`", shows("good"), "L7OK", { server_name: "good.test." }),
  https(
    "trailing-dot-sni",
    "refuses an SNI with a dot at its end, and is asked as `good.test.`",
    admitting((first) => sniOf(first) === "good.test"),
    "L7OK",
    { server_name: "good.test." },
  ),
  https(
    "trailing-dot-unverified",
    "refuses an SNI with a dot at its end; the check does not verify",
    admitting((first) => sniOf(first) === "good.test"),
    "L7OK",
    { host: "good.test.", server_name: undefined, ...UNVERIFIED },
  ),
  https("url-name", "is asked by an https URL", shows("good"), "L7OK", {
    path: "https://good.test/",
    secure: undefined,
    server_name: undefined,
  }),
  https(
    "host-header-name",
    "is asked with a Host header",
    admitting((first) => sniOf(first) === "good.test"),
    "L7OK",
    { headers: { Host: "good.test" }, server_name: undefined },
  ),
  https(
    "server-name-first",
    "is asked with another Host header than `server_name`",
    admitting((first) => sniOf(first) === "good.test"),
    "L7OK",
    { headers: { Host: "www.example.test" } },
  ),
  https(
    "sni-needed",
    "resets a ClientHello without SNI",
    admitting((first) => sniOf(first) !== undefined),
    "L7OK",
  ),
  https(
    "sni-none-for-address",
    "resets a ClientHello with an address as SNI",
    admitting((first) => sniOf(first) === undefined),
    "L7OK",
    { server_name: undefined, ...UNVERIFIED },
  ),
  https(
    "one-segment",
    "resets a ClientHello that is longer than a segment",
    admitting((first) => first.length <= SEGMENT_BYTES),
    "L7OK",
  ),
  https(
    "one-segment-unverified",
    "resets a ClientHello that is longer than a segment; the check does not verify",
    admitting((first) => first.length <= SEGMENT_BYTES),
    "L7OK",
    UNVERIFIED,
  ),

  https(
    "unverified-expired",
    "has an expired certificate; the check does not verify",
    shows("expired"),
    "L7OK",
    UNVERIFIED,
  ),
  https(
    "unverified-name",
    "has a certificate for another name; the check does not verify",
    shows("other"),
    "L7OK",
    UNVERIFIED,
  ),
  https(
    "unverified-self-signed",
    "has a self-signed certificate; the check does not verify",
    shows("selfSigned"),
    "L7OK",
    UNVERIFIED,
  ),
  https(
    "unverified-authority",
    "has a certificate of an unknown authority; the check does not verify",
    shows("foreignLeaf"),
    "L7OK",
    UNVERIFIED,
  ),
];
