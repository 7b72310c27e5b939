/** Errors of TLS libraries in words. */
import { expect, test } from "bun:test";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { tlsErrorMessage } from "../../src/system/tls-errors.ts";
import { times } from "../harness/client/checks.ts";

const PREFIX = "Hostname/IP does not match certificate's altnames: ";

test.each([
  ["Host: www.example.com. is not in the cert's altnames: DNS:a.example", "a.example, not www.example.com"],
  [
    "Host: w.example. is not in the cert's altnames: DNS:a.example, URI:http://x/, email:a@b, IP Address:10.0.0.1",
    "a.example, 10.0.0.1, not w.example",
  ],
  ["Host: w.example. is not cert's CN: a.example", "a.example, not w.example"],
  ["Host: w.example. is not in the cert's altnames: email:a@b", "no host name, not w.example"],
  ["IP: 10.0.0.1 is not in the cert's list: ", "no IP address, not 10.0.0.1"],
  ["IP: ::1 is not in the cert's list: 10.0.0.1, fe80::1", "10.0.0.1, fe80::1, not ::1"],
])("tls errors: the names of a certificate: %s", (message, words) => {
  expect(tlsErrorMessage(`${PREFIX}${message}`)).toBe(`certificate is for ${words}`);
});

test("tls errors: of a certificate with 1,500 names three are shown, and the number of the others", () => {
  const names = times(1_500, (n) => `DNS:${"abc"[n] ?? `n${n}`}.example`).join(", ");
  // The types want a whole certificate; of a name only these two fields matter.
  const certificate = { subject: { CN: "x" }, subjectaltname: names } as unknown as PeerCertificate;
  const error = checkServerIdentity("www.example.com", certificate);
  expect(error?.message.length).toBeGreaterThan(20_000);
  expect(tlsErrorMessage(error?.message ?? "")).toBe(
    "certificate is for a.example, b.example, c.example and 1,497 more, not www.example.com",
  );
});

test("tls errors: alerts and errors of the library, and readable messages", () => {
  expect(
    tlsErrorMessage("error:1000045c:SSL routines:OPENSSL_internal:TLSV1_ALERT_CERTIFICATE_REQUIRED"),
  ).toBe("TLS alert from the peer: certificate required");
  expect(tlsErrorMessage("error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER")).toBe(
    "wrong version number",
  );
  expect(tlsErrorMessage("self signed certificate")).toBe("self signed certificate");
});
