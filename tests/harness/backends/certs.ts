/**
 * A certificate authority for tests, made with OpenSSL. Called by the tests of TLS, of checkers and nginx.
 */

import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTempDir } from "../base/tempdir.ts";
import { asn1Time, openssl } from "./openssl.ts";

/** Content of a certificate. */
export interface CertRequest {
  /** Common name, and the name of its files. */
  readonly name: string;
  /** Subject alternative names as OpenSSL writes them: `DNS:good.test`, `IP:127.0.0.1`. */
  readonly sans: readonly string[];
  /** Valid until yesterday only. */
  readonly expired?: boolean;
}

/** A certificate and its private key, as PEM files. */
export interface Cert {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Issuer that signs certificates. */
export interface Issuer {
  /** Its own certificate, as a PEM file. */
  readonly caFile: string;
  /** Signs a certificate. */
  issue(request: CertRequest): Cert;
}

/** A certificate authority; disposing removes all its files. */
export interface TestCa extends Issuer, AsyncDisposable {
  /** Makes an intermediate authority. @param isCa - false for one that must not sign, and does it all the same */
  intermediate(request: {
    readonly name: string;
    readonly expired?: boolean;
    readonly isCa?: boolean;
  }): Issuer;
}

const CA_EXTENSIONS = `basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
`;
const CONFIG = `
[req]
distinguished_name = req_dn
prompt = no
[req_dn]
CN = healthcheck test CA
[ca_ext]
${CA_EXTENSIONS}[ca]
default_ca = test_ca
[test_ca]
database = index.txt
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
policy = any_name
unique_subject = no
rand_serial = yes
[any_name]
commonName = supplied
`;

/**
 * Makes a certificate authority with a P-256 key.
 * @throws Error with OpenSSL's words when it refuses something
 */
export async function makeCa(): Promise<TestCa> {
  const dir = makeTempDir("ca");
  prepare(dir.path);
  try {
    openssl(dir.path, [
      ...["req", "-x509", "-config", "ca.cnf", "-extensions", "ca_ext", "-days", "30"],
      ...newKey("ca.key"),
      ...["-out", "ca.pem"],
    ]);
  } catch (error) {
    dir.remove();
    throw error;
  }
  return {
    caFile: join(dir.path, "ca.pem"),
    issue: (request) => issue(dir.path, request),
    intermediate: ({ name, expired = false, isCa = true }) => {
      const own = join(dir.path, `${name}-files`);
      mkdirSync(own);
      prepare(own);
      const extensions = isCa ? CA_EXTENSIONS : "basicConstraints = critical,CA:false\n";
      const { certFile, keyFile } = sign(dir.path, { name, expired, extensions });
      copyFileSync(certFile, join(own, "ca.pem"));
      copyFileSync(keyFile, join(own, "ca.key"));
      return { caFile: join(own, "ca.pem"), issue: (request) => issue(own, request) };
    },
    [Symbol.asyncDispose]: dir[Symbol.asyncDispose],
  };
}

function prepare(dir: string): void {
  writeFileSync(join(dir, "ca.cnf"), CONFIG);
  writeFileSync(join(dir, "index.txt"), "");
}

function issue(dir: string, { name, sans, expired = false }: CertRequest): Cert {
  const extensions = `basicConstraints = CA:false\nextendedKeyUsage = serverAuth,clientAuth\nsubjectAltName = ${sans.join(",")}\n`;
  return sign(dir, { name, expired, extensions });
}

interface SignRequest {
  readonly name: string;
  readonly expired: boolean;
  readonly extensions: string;
}

function sign(dir: string, { name, expired, extensions }: SignRequest): Cert {
  const [csr, cert, key, ext] = [`${name}.csr`, `${name}.pem`, `${name}.key`, `${name}.ext`];
  writeFileSync(join(dir, ext), extensions);
  openssl(dir, ["req", "-new", "-config", "ca.cnf", "-subj", `/CN=${name}`, ...newKey(key), "-out", csr]);
  // `openssl ca` and not `x509 -req`: only there OpenSSL 3.0 takes both ends of the validity.
  openssl(dir, [
    ...["ca", "-batch", "-config", "ca.cnf", "-notext", "-extfile", ext],
    ...["-startdate", asn1Time(expired ? -10 : -1), "-enddate", asn1Time(expired ? -1 : 30)],
    ...["-in", csr, "-out", cert],
  ]);
  return { certFile: join(dir, cert), keyFile: join(dir, key) };
}

function newKey(file: string): string[] {
  return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", file];
}
