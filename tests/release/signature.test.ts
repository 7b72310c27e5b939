/** Signatures of a release, as minisign makes keys for them and verifies them. Run by `bun test`. */
import { expect } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSigningKey, signatureOf } from "../../scripts/tools/release/signature.ts";
import { peerPath, peerTest } from "../harness/base/peers.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";

/** Runs minisign in a directory. @param input - what it reads at its prompts */
function minisign(dir: string, args: readonly string[], input = "") {
  const run = Bun.spawnSync([peerPath("minisign"), ...args], { cwd: dir, stdin: Buffer.from(input) });
  return { status: run.exitCode, words: `${run.stdout}${run.stderr}` };
}

const newKey = ["-G", "-W", "-p", "key.pub", "-s", "key"];
const verify = ["-V", "-H", "-p", "key.pub", "-m", "SHA256SUMS"];

peerTest(
  "signature: minisign verifies it, and refuses other bytes, another comment and another key",
  ["minisign"],
  async () => {
    await using dir = makeTempDir("sign");
    expect(minisign(dir.path, newKey).status).toBe(0);
    const [file, signature] = [join(dir.path, "SHA256SUMS"), join(dir.path, "SHA256SUMS.minisig")];
    writeFileSync(file, "0123  healthcheck-server.tar.gz\n");
    const text = signatureOf(
      readFileSync(file),
      "healthcheck-server 1.2.3",
      readSigningKey(join(dir.path, "key")),
    );
    writeFileSync(signature, text);
    expect(minisign(dir.path, verify)).toEqual({
      status: 0,
      words: "Signature and comment signature verified\nTrusted comment: healthcheck-server 1.2.3\n",
    });
    writeFileSync(signature, text.replace("1.2.3", "1.2.4"));
    expect(minisign(dir.path, verify)).toMatchObject({
      status: 1,
      words: expect.stringContaining("Comment signature"),
    });
    writeFileSync(signature, text);
    writeFileSync(file, "4567  healthcheck-server.tar.gz\n");
    expect(minisign(dir.path, verify)).toMatchObject({
      status: 1,
      words: expect.stringContaining("Signature verification failed"),
    });
    minisign(dir.path, ["-f", ...newKey]);
    expect(minisign(dir.path, verify)).toMatchObject({
      status: 1,
      words: expect.stringContaining("Signature key id"),
    });
  },
);

peerTest(
  "signature: a key with a password, and a file that is not a key, are refused",
  ["minisign"],
  async () => {
    await using dir = makeTempDir("sign");
    minisign(dir.path, newKey);
    const key = join(dir.path, "key");
    const [comment = "", encoded = ""] = readFileSync(key, "utf8").split("\n");
    const bytes = Buffer.from(encoded, "base64");
    // As minisign marks one: "Sc", scrypt.
    bytes.write("Sc", 2, "latin1");
    writeFileSync(key, `${comment}\n${bytes.toString("base64")}\n`);
    expect(() => readSigningKey(key)).toThrow(`${key}: is protected by a password`);
    expect(() => readSigningKey(join(dir.path, "key.pub"))).toThrow(
      "key.pub: is not a secret key of minisign",
    );
  },
);
