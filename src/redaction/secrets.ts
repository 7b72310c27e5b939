/**
 * Hides the secrets of a healthcheck in a backend's responses, since backends repeat what they receive. A secret is hidden by its value:
 * whole, in its usual encodings, or truncated. Letters that it shares with other words stay. Built once for each healthcheck.
 */

import { STATUS_CODES } from "node:http";
import { textOfBytes } from "../model/bytes.ts";
import { HIDDEN } from "./marks.ts";
import { secretsAt } from "./urls.ts";

/** Headers whose values are not secrets, so that a value like `Upgrade` stays in a sentence. */
const PUBLIC_HEADERS: ReadonlySet<string> = new Set(
  (
    "accept accept-charset accept-encoding accept-language cache-control connection content-length content-type " +
    "expect host max-forwards pragma sec-websocket-version te upgrade upgrade-insecure-requests user-agent"
  ).split(" "),
);
/** Shorter values cannot be hidden: they occur in every sentence. */
const MIN_CHARS = 3;
/** Shorter values are hidden only where they stand alone. */
const MIN_CHARS_INSIDE_WORDS = 6;
/** A truncated secret is hidden from this length on: at the end of a text, where the truncation is certain, and inside it. */
const MIN_CUT_CHARS_AT_END = 6;
const MIN_CUT_CHARS = 8;
/** An excerpt needs this many characters beyond its end to hide a secret that the end of the excerpt would cut. */
export const SECRET_LOOKAHEAD_CHARS = 1_024;
/** The name of an authentication scheme is public (RFC 9110, 11.1). */
const SCHEME = /^(?:apikey|basic|bearer|digest|negotiate|token) +/i;
const WORD = /[\p{L}\p{N}]/u;
const BASE64 = /^[A-Za-z0-9+/_-]{8,}={0,2}$/;

/** The secrets of one healthcheck, and how they are hidden in the texts that its backend returns. */
export class Secrets {
  /** Longest first, so that a secret which holds another one is hidden as one. */
  readonly #values: readonly string[];

  /** @param values - in Latin-1, as they are sent */
  constructor(values: Iterable<string>) {
    const forms = new Set<string>();
    for (const value of values) for (const form of formsOf(value)) forms.add(form);
    this.#values = [...forms].sort((a, b) => b.length - a.length);
  }

  /**
   * Replaces each secret by `…`.
   *
   * @param text - Latin-1, as a backend sent it
   */
  hide(text: string): string {
    let shown = text;
    // Whole values first: a truncated form of another value would hide a part of them.
    for (const value of this.#values) shown = hideValue(shown, value, wholeLength);
    for (const value of this.#values) shown = hideValue(shown, value, cutLength);
    return shown;
  }

  /** Hides the secrets in a reason phrase. The standard phrase of a status code holds none. */
  hideInReason(reason: string, statusCode: number): string {
    return reason === STATUS_CODES[statusCode] ? reason : this.hide(reason);
  }
}

/** The parts of an HTTP request that may hold secrets. */
export interface SecretRequest {
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Reports whether an HTTP request may carry secrets: in any header, or in its path. */
export function holdsSecrets({ path, headers }: SecretRequest): boolean {
  return headers.length > 0 || secretsAt(path) < path.length;
}

/** Collects the secrets that an HTTP request carries: its headers' values, and query, user and password of its path. */
export function httpSecrets({ path, headers }: SecretRequest): Secrets {
  const values: string[] = [];
  const secretPath = path.slice(secretsAt(path));
  values.push(secretPath, ...secretPath.split(/[?&;#/:@]/).flatMap((part) => [part, valueAfterName(part)]));
  for (const [name, value] of headers) {
    if (!PUBLIC_HEADERS.has(name.toLowerCase())) values.push(...headerSecrets(value));
  }
  return new Secrets(values.map(asSent));
}

/** Collects the secrets of the text that a TCP or UDP check sends: each line without its first word, which is a command where others follow. */
export function textSecrets(text: string): Secrets {
  return new Secrets(secretWords(text).map(asSent));
}

/** Collects the secrets of the bytes that a TCP or UDP check sends; see {@link textSecrets}. */
export function byteSecrets(bytes: Uint8Array): Secrets {
  const text = textOfBytes(bytes);
  return text === undefined
    ? new Secrets(secretWords(Buffer.from(bytes).toString("latin1")))
    : textSecrets(text);
}

function secretWords(text: string): string[] {
  const values: string[] = [];
  for (const line of text.split(/[\r\n]+/)) {
    const [, command = "", rest = ""] = /^\s*(\S*)\s*(.*?)\s*$/s.exec(line) ?? [];
    const secret = rest === "" ? command : rest;
    values.push(secret, ...secret.split(/[\s\p{Cc}"'=:,;&{}]+/u).filter((word) => !/^HTTP\/\d/.test(word)));
  }
  return values;
}

/** `Bearer hunter2`: the credentials; of lists and cookies each value, without the names. */
function headerSecrets(value: string): string[] {
  const credentials = value.trim().replace(SCHEME, "");
  const words = credentials.split(/[\s,;"]+/);
  return [credentials, ...words, ...words.map(valueAfterName)];
}

/** `hunter2` of `token=hunter2` */
function valueAfterName(part: string): string {
  return part.slice(part.indexOf("=") + 1);
}

function asSent(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** The forms in which a backend may repeat a value: unchanged, percent-encoded or decoded, and Base64-encoded or decoded. */
function formsOf(value: string): string[] {
  const plain = [value, percentDecoded(value)];
  if (BASE64.test(value)) {
    const decoded = Buffer.from(value, "base64").toString("latin1");
    if (/^[\x20-\x7e\x80-\xff]+$/.test(decoded)) plain.push(decoded, ...decoded.split(":"));
  }
  const encoded = plain.map((form) => Buffer.from(form, "latin1").toString("base64").replace(/=+$/, ""));
  const escaped = plain.map((form) => encodeURIComponent(form));
  return [...plain, ...encoded, ...escaped].filter((form) => form.length >= MIN_CHARS);
}

function percentDecoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/** @param lengthAt - returns the number of characters to hide at an index, 0 for none */
function hideValue(text: string, value: string, lengthAt: typeof wholeLength): string {
  if (!text.includes(value.slice(0, MIN_CHARS))) return text;
  let shown = "";
  let from = 0;
  for (let at = text.indexOf(value.charAt(0)); at >= 0; ) {
    const length = lengthAt(text, at, value);
    if (length > 0) {
      shown += text.slice(from, at) + HIDDEN;
      from = at + length;
    }
    at = text.indexOf(value.charAt(0), at + Math.max(length, 1));
  }
  return from === 0 ? text : shown + text.slice(from);
}

function wholeLength(text: string, at: number, value: string): number {
  if (!text.startsWith(value, at)) return 0;
  const alone = !isWord(text[at - 1]) && !isWord(text[at + value.length]);
  return alone || value.length >= MIN_CHARS_INSIDE_WORDS ? value.length : 0;
}

/** The length of a value that was truncated, by the backend or at the end of the text. */
function cutLength(text: string, at: number, value: string): number {
  let length = 1;
  while (length < value.length && text[at + length] === value[length]) length++;
  const atEnd = at + length === text.length;
  if (atEnd) return length >= MIN_CUT_CHARS_AT_END ? length : 0;
  return length >= MIN_CUT_CHARS && length * 2 >= value.length ? length : 0;
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && WORD.test(character);
}
