/** The data of DNS records as text, in the presentation format of master files (RFC 1035, 5.1), sans-I/O. */

import { type DnsNames, endOfName, escapeText, MalformedMessage, type NameId, nameText } from "./names.ts";
import type { QueryType } from "./spec.ts";

/** A record in a sentence: enough to recognize it by. Whole addresses always fit. */
const MAX_TEXT = 60;
const IPV4_BYTES = 4;
const IPV6_BYTES = 16;
/** Serial, refresh, retry, expire and minimum. */
const SOA_NUMBERS_BYTES = 20;

/**
 * Writes the data of a record.
 *
 * @param use - absent for a sentence: printable ASCII, at most 60 characters and an ellipsis; `compare`: whole, as the keys of
 *   expected records have it
 */
export type DataText = (use?: "compare") => string;

/**
 * Formats the data of a record. Called only for records that are shown or compared.
 *
 * @param start - offset of the data
 * @param end - offset after it
 * @throws MalformedMessage when the data have another form or length than the type requires
 */
export function readData(
  message: Buffer,
  names: DnsNames,
  type: QueryType,
  start: number,
  end: number,
): DataText {
  const write = checkData(message, names, type, start, end);
  if (write === undefined) throw wrongLength(type, end - start);
  return (use) => (use === undefined ? bounded(write()) : write(use));
}

/** Cuts a text that is too long for a sentence. */
export function bounded(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

/**
 * Reads the data of a record that are a name alone.
 *
 * @throws MalformedMessage when they are something else
 */
export function readName(
  message: Buffer,
  names: DnsNames,
  type: QueryType,
  start: number,
  end: number,
): { readonly id: NameId; readonly text: DataText } {
  if (start === end || endOfName(message, start) !== end) throw wrongLength(type, end - start);
  return { id: names.read(start), text: () => bounded(nameText(message, start)) };
}

function wrongLength(type: QueryType, bytes: number): MalformedMessage {
  return new MalformedMessage(`a record of type ${type} has ${bytes} bytes of data`);
}

/** @returns undefined when the length is wrong */
function checkData(
  message: Buffer,
  names: DnsNames,
  type: QueryType,
  start: number,
  end: number,
): DataText | undefined {
  const length = end - start;
  switch (type) {
    case "A":
      return length === IPV4_BYTES ? () => ipv4(message, start) : undefined;
    case "AAAA":
      return length === IPV6_BYTES ? () => ipv6(message, start) : undefined;
    case "CNAME":
    case "NS":
    case "PTR":
      return nameAfter(message, names, start, 0, end);
    case "MX":
      return nameAfter(message, names, start, 1, end);
    case "SRV":
      return nameAfter(message, names, start, 3, end);
    case "SOA":
      return zone(message, names, start, end);
    case "TXT":
      return strings(message, start, end);
    case "CAA":
      return property(message, start, end);
  }
}

/** Numbers of two bytes, and a name that must end where the data do. */
function nameAfter(
  message: Buffer,
  names: DnsNames,
  start: number,
  numbers: number,
  end: number,
): DataText | undefined {
  const nameAt = start + numbers * 2;
  if (nameAt >= end || endOfName(message, nameAt) !== end) return undefined;
  names.read(nameAt);
  return (use) => {
    const words = Array.from({ length: numbers }, (_, index) => message.readUInt16BE(start + index * 2));
    const name = nameText(message, nameAt);
    return [...words, use === undefined ? name : name.toLowerCase()].join(" ");
  };
}

function ipv4(message: Buffer, start: number): string {
  return `${message[start]}.${message[start + 1]}.${message[start + 2]}.${message[start + 3]}`;
}

/** The shortest form (RFC 5952, 4), as `canonicalIp` has it. */
function ipv6(message: Buffer, start: number): string {
  const groups: number[] = [];
  let runAt = -1;
  let runLength = 1;
  let zeros = 0;
  for (let index = 0; index < IPV6_BYTES / 2; index++) {
    const group = message.readUInt16BE(start + index * 2);
    groups.push(group);
    zeros = group === 0 ? zeros + 1 : 0;
    if (zeros > runLength) {
      runLength = zeros;
      runAt = index + 1 - zeros;
    }
  }
  const hexadecimal = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(":");
  if (runAt < 0) return hexadecimal(0, groups.length);
  return `${hexadecimal(0, runAt)}::${hexadecimal(runAt + runLength, groups.length)}`;
}

function zone(message: Buffer, names: DnsNames, start: number, end: number): DataText | undefined {
  const numbersAt = end - SOA_NUMBERS_BYTES;
  if (numbersAt <= start) return undefined;
  const contactAt = endOfName(message, start);
  if (contactAt >= numbersAt || endOfName(message, contactAt) !== numbersAt) return undefined;
  names.read(start);
  names.read(contactAt);
  return (use) => {
    const serial = String(message.readUInt32BE(numbersAt));
    return use === undefined
      ? `${nameText(message, start)} ${nameText(message, contactAt)} ${serial}`
      : serial;
  };
}

/** Strings, each a length and that many bytes (RFC 1035, 3.3); joined. */
function strings(message: Buffer, start: number, end: number): DataText | undefined {
  let at = start;
  while (at < end) at += 1 + (message[at] ?? 0);
  if (at !== end) return undefined;
  return (use) => {
    let text = "";
    for (let next = start; next < end && (use !== undefined || text.length <= MAX_TEXT); ) {
      const stringAt = next + 1;
      next = stringAt + (message[next] ?? 0);
      text += message.toString("latin1", stringAt, next);
    }
    return use === undefined ? quoted(text) : text;
  };
}

/** RFC 8659, 4.1: flags, the length of the tag, the tag, and a value of any length. */
function property(message: Buffer, start: number, end: number): DataText | undefined {
  if (end - start < 2) return undefined;
  const tagAt = start + 2;
  const valueAt = tagAt + message.readUInt8(start + 1);
  if (valueAt > end) return undefined;
  return (use) => {
    const flags = message.readUInt8(start);
    const tag = escapeText(message.toString("latin1", tagAt, valueAt), SPECIAL);
    const value = message.toString("latin1", valueAt, end);
    return use === undefined ? `${flags} ${tag} ${quoted(value)}` : `${flags} ${tag.toLowerCase()} ${value}`;
  };
}

/** Characters that a quoted text escapes; a blank stays. */
const SPECIAL = /[^\x20-\x7e]|["\\]/g;

/** Puts the beginning of a text in quotes, special characters escaped. @param text - one character for each byte */
export function quoted(text: string): string {
  return `"${escapeText(text.slice(0, MAX_TEXT + 1), SPECIAL)}"`;
}
