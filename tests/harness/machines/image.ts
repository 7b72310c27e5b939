/**
 * The image as the Dockerfile describes it, made without Docker: the root of its last stage, by hand. Called by tests/container; needs
 * root.
 */
import { chownSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TempDir } from "../base/tempdir.ts";
import { daemonPath } from "../daemon/executable.ts";
import { makeRoot } from "./rootfs.ts";

const TOP = join(import.meta.dir, "..", "..", "..");

/** Docker's view of a file. */
export interface Image {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
  readonly stopSignal: string;
  readonly user: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly args: Readonly<Record<string, string>>;
  /** Lines of the last stage, without those of the build stage. */
  readonly copies: readonly { readonly from: string; readonly to: string }[];
  readonly volumes: readonly string[];
}

/** The instructions of the Dockerfile's last stage. @throws Error when one is missing */
export function readImage(): Image {
  const text = readFileSync(join(TOP, "Dockerfile"), "utf8")
    .replace(/^#.*\n/gm, "")
    .replace(/\\\n\s*/g, "");
  const stage = text.slice(text.lastIndexOf("\nFROM ") + 1);
  const all = (name: string) =>
    [...stage.matchAll(new RegExp(`^${name} (.*)$`, "gm"))].map(([, rest = ""]) => rest);
  const only = (name: string) => {
    const [rest] = all(name);
    if (rest === undefined) throw new Error(`Dockerfile: its last stage has no ${name}`);
    return rest;
  };
  return {
    entrypoint: strings(only("ENTRYPOINT")),
    command: strings(only("CMD")),
    healthcheck: strings(only("HEALTHCHECK").replace(/^.*CMD /, "")),
    stopSignal: only("STOPSIGNAL"),
    user: only("USER"),
    labels: Object.fromEntries(
      [...only("LABEL").matchAll(/(\S+?)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]),
    ),
    args: Object.fromEntries(
      all("ARG")
        .map((rest) => rest.split("="))
        .map(([name = "", value = ""]) => [name, value.replaceAll('"', "")]),
    ),
    copies: all("COPY")
      .filter((rest) => !rest.startsWith("--from"))
      .map((rest) => rest.split(" "))
      .map(([from = "", to = ""]) => ({ from, to })),
    volumes: strings(only("VOLUME")),
  };
}

/**
 * Makes the root: what the base image has and a test needs, and what the Dockerfile copies.
 *
 * @param texts - further files, by their path in it
 */
export function makeImageRoot(image: Image, texts: Readonly<Record<string, string>>): TempDir {
  const [server = ""] = image.entrypoint;
  const root = makeRoot({
    copies: {
      [server]: daemonPath(),
      ...Object.fromEntries(image.copies.map(({ from, to }) => [to, join(TOP, from)])),
    },
    texts: {
      "/etc/passwd":
        "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
      "/etc/group": "root:x:0:\nnonroot:x:65532:\n",
      "/etc/nsswitch.conf": "hosts: files dns\n",
      "/etc/hosts": "127.0.0.1 localhost\n",
      ...texts,
    },
  });
  const [uid = 0, gid = 0] = image.user.split(":").map(Number);
  for (const volume of image.volumes) {
    const dir = join(root.path, volume.replace(/^\/var\/run\//, "/run/"));
    mkdirSync(dir, { recursive: true });
    chownSync(dir, uid, gid);
  }
  return root;
}

/** Parses an exec form. @throws Error when it is not one */
function strings(json: string): string[] {
  const value: unknown = JSON.parse(json);
  if (!Array.isArray(value)) throw new Error(`Dockerfile: ${json} is no exec form`);
  return value.map(String);
}
