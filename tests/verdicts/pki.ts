/** The certificates of the verdict table: two trusted authorities, a foreign one, and every kind of certificate, made with OpenSSL. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asn1Time, openssl } from "../harness/backends/openssl.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";

/** Contents of a certificate. */
interface Request {
  /** Its common name. */
  readonly name: string;
  /** Subject alternative names as OpenSSL writes them; none when absent. */
  readonly sans?: readonly string[];
  /** The days from now at which its validity begins and ends. */
  readonly days?: readonly [number, number];
  readonly authority?: boolean;
  /** Extended key usage, as OpenSSL writes it. */
  readonly usage?: string;
  /** The name of the authority that signs it; itself when absent. */
  readonly by?: string;
  readonly rsa?: boolean;
}

const GOOD = ["DNS:good.test"];

/** Every certificate by its name here. */
const REQUESTS = {
  root: { name: "root", authority: true },
  foreign: { name: "foreign root", authority: true },
  issuer: { name: "issuer", authority: true, by: "root" },
  /** Its root is not trusted, but it is itself. */
  anchor: { name: "anchor", authority: true, by: "foreign" },
  good: { name: "good.test", sans: GOOD, by: "root" },
  rsa: { name: "good.test", sans: GOOD, by: "root", rsa: true },
  expired: { name: "good.test", sans: GOOD, by: "root", days: [-10, -1] },
  future: { name: "good.test", sans: GOOD, by: "root", days: [2, 20] },
  other: { name: "other.test", sans: ["DNS:other.test"], by: "root" },
  selfSigned: { name: "good.test", sans: GOOD },
  pinned: { name: "good.test", sans: GOOD },
  foreignLeaf: { name: "good.test", sans: GOOD, by: "foreign" },
  issued: { name: "good.test", sans: GOOD, by: "issuer" },
  anchored: { name: "good.test", sans: GOOD, by: "anchor" },
  wildcard: { name: "*.good.test", sans: ["DNS:*.good.test"], by: "root" },
  address: { name: "address", sans: ["IP:127.0.0.1"], by: "root" },
  otherAddress: { name: "address", sans: ["IP:127.0.0.9"], by: "root" },
  nameOnly: { name: "good.test", by: "root" },
  otherSan: { name: "good.test", sans: ["DNS:other.test"], by: "root" },
  forClients: { name: "good.test", sans: GOOD, by: "root", usage: "clientAuth" },
} as const satisfies Readonly<Record<string, Request>>;

/** The name of a certificate. */
export type CertName = keyof typeof REQUESTS;

/** A certificate with its chain and its key, as PEM texts. */
export interface Pem {
  readonly cert: string;
  readonly key: string;
}

/** All certificates; disposing removes their files. */
export interface Pki extends AsyncDisposable {
  /** The trusted certificates, as a PEM file: `root`, `anchor` and `pinned`. */
  readonly trustedFile: string;
  /** The files of a certificate and its key. */
  file(name: CertName): string;
  /** A certificate and the certificates that a server sends behind it. */
  pem(name: CertName, ...chain: readonly CertName[]): Pem;
}

const CONFIG = `
[req]
distinguished_name = subject
prompt = no
[subject]
CN = unused
[ca]
default_ca = authority
[authority]
database = index.txt
new_certs_dir = .
default_md = sha256
policy = any_name
unique_subject = no
rand_serial = yes
[any_name]
commonName = supplied
`;

/** Makes all certificates. @throws Error with OpenSSL's words */
export function makePki(): Pki {
  const dir = makeTempDir("pki");
  const path = (name: string) => join(dir.path, name);
  writeFileSync(path("ca.cnf"), CONFIG);
  writeFileSync(path("index.txt"), "");
  for (const [name, request] of Object.entries<Request>(REQUESTS)) make(dir.path, name, request);
  const text = (name: CertName) => readFileSync(path(`${name}.pem`), "utf8");
  writeFileSync(path("trusted.pem"), text("root") + text("anchor") + text("pinned"));
  return {
    trustedFile: path("trusted.pem"),
    file: (name) => path(`${name}.pem`),
    pem: (name, ...chain) => ({
      cert: [name, ...chain].map(text).join(""),
      key: readFileSync(path(`${name}.key`), "utf8"),
    }),
    [Symbol.asyncDispose]: dir[Symbol.asyncDispose],
  };
}

function make(dir: string, name: string, request: Request): void {
  const { authority = false, usage = "serverAuth", days = [-1, 30], by, rsa = false } = request;
  const extensions = authority
    ? ["basicConstraints = critical,CA:true", "keyUsage = critical,keyCertSign,cRLSign"]
    : ["basicConstraints = CA:false", `extendedKeyUsage = ${usage}`];
  if (request.sans !== undefined) extensions.push(`subjectAltName = ${request.sans.join(",")}`);
  writeFileSync(join(dir, `${name}.ext`), `${extensions.join("\n")}\n`);
  const key = rsa ? ["rsa:2048"] : ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
  openssl(dir, [
    ...["req", "-new", "-config", "ca.cnf", "-subj", `/CN=${request.name}`],
    ...["-newkey", ...key, "-nodes", "-keyout", `${name}.key`, "-out", `${name}.csr`],
  ]);
  const signer =
    by === undefined
      ? ["-selfsign", "-keyfile", `${name}.key`]
      : ["-cert", `${by}.pem`, "-keyfile", `${by}.key`];
  // `openssl ca` and not `x509 -req`: only there OpenSSL 3.0 takes both ends of the validity.
  openssl(dir, [
    ...["ca", "-batch", "-config", "ca.cnf", "-notext", "-extfile", `${name}.ext`, ...signer],
    ...["-startdate", asn1Time(days[0]), "-enddate", asn1Time(days[1])],
    ...["-in", `${name}.csr`, "-out", `${name}.pem`],
  ]);
}
