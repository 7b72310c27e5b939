/** The software bill of materials of one executable, as CycloneDX 1.6 in JSON (https://cyclonedx.org/docs/1.6/json/). */
import * as CycloneDX from "@cyclonedx/cyclonedx-library";
import { dependencies } from "../../../package.json";
import { licenceOf, type Package } from "./dependencies.ts";
import { runtimeParts } from "./runtime-parts.ts";

const { Enums, Models, Serialize, Spec, SPDX } = CycloneDX;

/** Subject of a bill of materials. */
export interface Subject {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Hexadecimal, of the executable. */
  readonly sha256: string;
  /** In seconds since 1970; undefined where nothing says when it was made. */
  readonly timeSeconds: number | undefined;
}

/**
 * Writes it. Nothing in it depends on when or where that is done.
 *
 * @param packages - those inside, and nothing else
 * @param versions - versions of the runtime's own parts, `process.versions`
 * @throws Error when a package has no license
 */
export function sbom(
  subject: Subject,
  runtime: Package,
  packages: readonly Package[],
  versions: Readonly<Record<string, string | undefined>>,
): string {
  const { name, version, description, sha256, timeSeconds } = subject;
  const program = new Models.Component(Enums.ComponentType.Application, name, {
    bomRef: `${name}@${version}`,
    version,
    description,
    purl: `pkg:generic/${name}@${version}`,
    hashes: new Models.HashDictionary([[Enums.HashAlgorithm["SHA-256"], sha256]]),
    licenses: new Models.LicenseRepository([makeLicense("Apache-2.0")]),
  });
  const bun = component(runtime, Enums.ComponentType.Platform, "MIT");
  for (const { name, version, license, copyright, url } of runtimeParts(versions)) {
    const part = new Models.Component(Enums.ComponentType.Library, name, {
      bomRef: `${bun.bomRef.value}|${name}`,
      licenses: new Models.LicenseRepository([makeLicense(license)]),
      copyright,
      ...(version === undefined ? {} : { version }),
    });
    part.externalReferences.add(new Models.ExternalReference(url, Enums.ExternalReferenceType.VCS));
    bun.components.add(part);
  }
  const libraries = librariesOf(packages);
  for (const { key, needs } of packages) link(libraries.get(key), needs, libraries);
  link(program, Object.keys(dependencies), libraries);
  program.dependencies.add(bun.bomRef);

  const bom = new Models.Bom({
    serialNumber: `urn:uuid:${uuidOf(sha256)}`,
    metadata: new Models.Metadata({
      component: program,
      ...(timeSeconds === undefined ? {} : { timestamp: new Date(timeSeconds * 1_000) }),
    }),
    components: new Models.ComponentRepository([bun, ...new Set(libraries.values())]),
  });
  const normalizer = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  return `${new Serialize.JsonSerializer(normalizer).serialize(bom, { sortLists: true, space: 2 })}\n`;
}

/** By the keys of the packages: one that is installed in two places is one library. */
function librariesOf(packages: readonly Package[]): Map<string, CycloneDX.Models.Component> {
  const made = new Map<string, CycloneDX.Models.Component>();
  const libraries = new Map<string, CycloneDX.Models.Component>();
  for (const one of packages) {
    const purl = purlOf(one);
    const library = made.get(purl) ?? component(one, Enums.ComponentType.Library, licenceOf(one).id);
    made.set(purl, library);
    libraries.set(one.key, library);
  }
  return libraries;
}

function purlOf({ name, version }: Package): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

function component(
  one: Package,
  type: CycloneDX.Enums.ComponentType,
  licenseId: string,
): CycloneDX.Models.Component {
  const sha512 = Buffer.from(one.integrity.slice("sha512-".length), "base64").toString("hex");
  return new Models.Component(type, one.name, {
    bomRef: purlOf(one),
    version: one.version,
    purl: purlOf(one),
    // Of its archive, as bun.lock has it.
    hashes: new Models.HashDictionary([[Enums.HashAlgorithm["SHA-512"], sha512]]),
    licenses: new Models.LicenseRepository([makeLicense(licenseId)]),
  });
}

function makeLicense(id: string): CycloneDX.Models.License {
  if (SPDX.isSupportedSpdxId(id)) return new Models.SpdxLicense(id);
  return / (AND|OR|WITH) /.test(id) ? new Models.LicenseExpression(id) : new Models.NamedLicense(id);
}

function link(
  from: CycloneDX.Models.Component | undefined,
  needs: readonly string[],
  libraries: ReadonlyMap<string, CycloneDX.Models.Component>,
): void {
  for (const key of needs) {
    const needed = libraries.get(key);
    if (needed !== undefined) from?.dependencies.add(needed.bomRef);
  }
}

/** A UUID of one's own making (RFC 9562, version 8): another executable has another one. */
function uuidOf(sha256: string): string {
  const digits = `${sha256.slice(0, 12)}8${sha256.slice(13, 16)}8${sha256.slice(17, 32)}`;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
