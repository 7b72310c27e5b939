/** Paths, addresses, URLs and names as values of the configuration file; odd ones that the Rust server accepts are made usable. */
import { show } from "../model/format-value.ts";
import { shownUrl } from "../redaction/urls.ts";
import type { Amend, Amended } from "../schema/amend.ts";
import { notValid, problem } from "../schema/problem.ts";
import { list, patterned } from "../schema/values.ts";
import { MAX_UNIX_PATH } from "../system/sockaddr.ts";
import { LISTEN_ADDRESS, parseListenAddress } from "./listen-address.ts";

/** The path of a Unix socket. */
export const socketPath = {
  ...patterned(
    /^\.?\/[^\0]*[^\0/]$/,
    `the path of a Unix socket, absolute or starting with ./, of at most ${MAX_UNIX_PATH} bytes`,
    (path) => Buffer.byteLength(path) <= MAX_UNIX_PATH,
  ),
  // The Rust server takes a relative path as the system does.
  amend: (path: unknown): Amended | undefined =>
    typeof path === "string" && /^(?!\.?\/)[^\0]*[^\0/]$/.test(path)
      ? {
          value: `./${path}`,
          warnings: [`${show(path)} is relative to the working directory; write ./ before it`],
        }
      : undefined,
};

/** The path of a Unix socket, or an empty string for none. */
export const socketPathOrNone = patterned(
  /^(?:|\/[^\0]*[^\0/])$/,
  `the absolute path of a Unix socket, of at most ${MAX_UNIX_PATH} bytes, or empty`,
  (path) => Buffer.byteLength(path) <= MAX_UNIX_PATH,
);

/** Words in place of the path of the state file. */
export const STATE_FILE_AUTO = "auto";
export const STATE_FILE_OFF = "off";

const STATE_FILE_RULE = "an absolute path, auto or off";

/** The path of the state file, or a word; an empty string is `off`. */
export const stateFilePath = patterned(/^(?:|auto|off|\/[^\0]*[^\0/])$/, STATE_FILE_RULE);

/** The address of a listener. */
export const listenAddress = patterned(
  LISTEN_ADDRESS,
  'an address or a host name and a port, such as "127.0.0.1:9090", "[::1]:9090" or "localhost:9090", or ":9090" for every address',
  (text) => parseListenAddress(text) !== undefined,
);

/** A number or boolean without quotes is a string to the Rust server, as it is written. */
const amendScalar: Amend = (value, source) => {
  if (source === undefined || (typeof value !== "number" && typeof value !== "boolean")) return undefined;
  return { value: source, warnings: [`${source} is read as a string; write it in quotes`] };
};

/** A name of any characters, not all of them blank. */
export const nonBlankName = { ...patterned(/\S/, "a name"), amend: amendScalar };

const HTTP_URL = /^[Hh][Tt][Tt][Pp][Ss]?:\/\//;
/** `collector:4317`, `[::1]:4317` */
const HOST_AND_PORT = /^(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}\/?$/;

/** A host and a port without a scheme, which the Rust server accepts. */
function amendUrl(value: unknown): Amended | undefined {
  if (typeof value !== "string" || !HOST_AND_PORT.test(value) || !isHttpUrl(`http://${value}`))
    return undefined;
  return { value: `http://${value}`, warnings: [`${show(value)} has no scheme; write http:// before it`] };
}

/** Makes an http or https URL, which may have a user, a password and a query: those are never shown. @param example - a valid one */
export function httpUrl(example: string) {
  const rule = `an http or https URL, such as "${example}"`;
  const messageOf =
    () =>
    ({ input }: { readonly input: unknown }) =>
      typeof input === "string" ? notValid(show(shownUrl(input)), rule) : problem(input, rule);
  return {
    ...patterned(HTTP_URL, rule, isHttpUrl, messageOf),
    kind: "URL",
    secret: "Its user, password and query are secrets",
    amend: amendUrl,
    format: (url: unknown) => (typeof url === "string" ? shownUrl(url) : url),
  };
}

/** Reports whether a string is an http or https URL. */
export function isHttpUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && (url.protocol === "http:" || url.protocol === "https:");
}

const MAX_HOST_NAMES = 100;
/** Labels of letters, digits, hyphens and underscores; a name for the Host header has no other. */
const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\.?$/;

/** Host names without ports. */
export const hostNames = list(
  patterned(HOST_NAME, "a host name without a port"),
  "host names",
  "host names without ports",
  MAX_HOST_NAMES,
);
