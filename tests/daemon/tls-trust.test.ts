/**
 * Trust of TLS checks when SSL_CERT_FILE holds other certificates than roots: an intermediate CA, or the server's
 * certificate itself. Run by `bun test`.
 */

import { expect, setDefaultTimeout } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Cert, type Issuer, makeCa } from "../harness/backends/certs.ts";
import { verdicts } from "../harness/backends/check-table.ts";
import { hostile } from "../harness/backends/hostile.ts";
import { peerTest } from "../harness/base/peers.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { tcpCheck } from "../harness/client/checks.ts";

setDefaultTimeout(60_000);

const SANS = ["DNS:www.example.test", "IP:127.0.0.1"];
const leaf = { name: "leaf", sans: SANS };
const text = (file: string) => readFileSync(file, "utf8");

/** Certificate of a server. */
function presented({ certFile, keyFile }: Cert, ...chain: readonly Issuer[]): Bun.TLSOptions {
  return {
    cert: [certFile, ...chain.map(({ caFile }) => caFile)].map(text).join(""),
    key: text(keyFile),
  };
}

peerTest(
  "daemon: tls: an intermediate authority in SSL_CERT_FILE is an anchor, as strict as a root",
  ["openssl"],
  async () => {
    await using root = await makeCa();
    await using impostors = await makeCa();
    await using dir = makeTempDir("trust");
    const trusted = root.intermediate({ name: "trusted" });
    const expired = root.intermediate({ name: "expired", expired: true });
    const noCa = root.intermediate({ name: "no-ca", isCa: false });
    const unknown = root.intermediate({ name: "unknown" });
    const impostor = impostors.intermediate({ name: "trusted" });
    const pinned = root.issue({ name: "pinned", sans: ["DNS:pinned.example.test"] });
    const anchors = join(dir.path, "anchors.pem");
    writeFileSync(
      anchors,
      [trusted, expired, noCa].map(({ caFile }) => text(caFile)).join("") + text(pinned.certFile),
    );

    await using stack = new AsyncDisposableStack();
    const check = (tls: Bun.TLSOptions, serverName: string | undefined) => {
      const target = stack.use(hostile({}, tls));
      const named = serverName === undefined ? {} : { server_name: serverName };
      return (id: number) => tcpCheck(id, target, { interval: "60s", timeout: "5s", secure: true, ...named });
    };
    const name = "www.example.test";
    const found = await verdicts(
      {
        chain: check(presented(trusted.issue(leaf), trusted), name),
        leafAlone: check(presented(trusted.issue({ ...leaf, name: "alone" })), name),
        address: check(presented(trusted.issue({ ...leaf, name: "address" }), trusted), undefined),
        wholeChain: check(presented(trusted.issue({ ...leaf, name: "whole" }), trusted, root), name),
        pinned: check(presented(pinned), "pinned.example.test"),
        pinnedOtherName: check(presented(pinned), name),
        otherName: check(
          presented(trusted.issue({ name: "other", sans: ["DNS:other.test"] }), trusted),
          name,
        ),
        otherAddress: check(
          presented(trusted.issue({ name: "far", sans: ["IP:127.0.0.2"] }), trusted),
          undefined,
        ),
        expiredLeaf: check(presented(trusted.issue({ ...leaf, name: "old", expired: true }), trusted), name),
        expiredAnchor: check(presented(expired.issue(leaf), expired), name),
        noCa: check(presented(noCa.issue(leaf), noCa), name),
        unknownIntermediate: check(presented(unknown.issue(leaf), unknown), name),
        rootOfTheAnchor: check(presented(root.issue({ ...leaf, name: "sibling" }), root), name),
        wrongSignature: check(presented(impostor.issue(leaf)), name),
        wrongSignatureWithChain: check(
          presented(impostor.issue({ ...leaf, name: "again" }), impostor, impostors),
          name,
        ),
      },
      { env: { SSL_CERT_FILE: anchors } },
    );
    const shortened = Object.entries(found).map(([row, sentence]) => [
      row,
      sentence.startsWith("healthy L6OK")
        ? "trusted"
        : sentence.replace(/^unhealthy L6RSP TLS handshake with \S+(?: \(\S+\))?: /, ""),
    ]);
    expect(Object.fromEntries(shortened)).toEqual({
      chain: "trusted",
      leafAlone: "trusted",
      address: "trusted",
      wholeChain: "trusted",
      pinned: "trusted",
      pinnedOtherName: expect.stringMatching(/www\.example\.test/),
      otherName: expect.stringMatching(/www\.example\.test/),
      otherAddress: expect.stringMatching(/127\.0\.0\.1/),
      expiredLeaf: expect.stringMatching(/expired/),
      expiredAnchor: expect.stringMatching(/expired/),
      noCa: expect.stringMatching(/CA certificate|purpose|issuer/),
      unknownIntermediate: expect.stringMatching(/issuer/),
      rootOfTheAnchor: expect.stringMatching(/issuer|self.signed/),
      wrongSignature: expect.stringMatching(/signature|issuer/),
      wrongSignatureWithChain: expect.stringMatching(/signature|issuer|self.signed/),
    });
  },
);
