/**
 * Expected records, as operators write them: the data in the presentation format of master files (RFC 1035, 5.1). Names are equal in
 * any case, with or without a final dot; the strings of a TXT record are joined.
 */
import { isIP } from "node:net";
import { asciiName } from "../../model/domain-name.ts";
import { canonicalIp } from "../../system/sockaddr.ts";
import { escapeLabel, MAX_NAME_BYTES } from "./names.ts";
import { bounded, quoted } from "./records.ts";
import type { ExpectedRecord, QueryType } from "./spec.ts";

const MAX_LABEL_BYTES = 63;
const MAX_UINT8 = 0xff;
const MAX_UINT16 = 0xffff;
const MAX_UINT32 = 0xffff_ffff;

/** The form of an expected record, as the end of `must be …`. */
export const EXPECTED_RULES: Readonly<Record<QueryType, string>> = {
  A: "an IPv4 address",
  AAAA: "an IPv6 address",
  CNAME: "a domain name",
  NS: "a domain name",
  PTR: "a domain name",
  MX: 'preference and name, such as "10 mail.example.com"',
  SRV: 'priority, weight, port and name, such as "0 5 443 www.example.com"',
  SOA: `a serial from 0 to ${MAX_UINT32}`,
  TXT: "a text",
  CAA: 'flags, tag and value, such as "0 issue ca.example.net"',
};

/** Reads the data of a record. @returns undefined when no record of the type can have them */
export function readExpected(type: QueryType, text: string): ExpectedRecord | undefined {
  switch (type) {
    case "A":
    case "AAAA":
      return same(address(text, type === "A" ? 4 : 6));
    case "CNAME":
    case "NS":
    case "PTR":
      return same(nameKey(text));
    case "MX":
      return same(numbersAndName(text, 1));
    case "SRV":
      return same(numbersAndName(text, 3));
    case "SOA": {
      const serial = number(text, MAX_UINT32);
      return serial === undefined ? undefined : { shown: `serial ${serial}`, key: serial };
    }
    case "TXT": {
      const key = Buffer.from(text).toString("latin1");
      return { shown: bounded(quoted(key)), key };
    }
    case "CAA":
      return property(text);
  }
}

function same(key: string | undefined): ExpectedRecord | undefined {
  return key === undefined ? undefined : { shown: bounded(key), key };
}

function address(text: string, family: number): string | undefined {
  const ip = canonicalIp(text);
  return ip !== undefined && isIP(ip) === family ? ip : undefined;
}

/** @returns the number without leading zeros */
function number(text: string, max: number): string | undefined {
  return /^[0-9]{1,10}$/.test(text) && Number(text) <= max ? String(Number(text)) : undefined;
}

/** Numbers of two bytes, and a name. */
function numbersAndName(text: string, numbers: number): string | undefined {
  const words = text.trim().split(/\s+/);
  const name = nameKey(words.pop() ?? "");
  const read = words.map((word) => number(word, MAX_UINT16));
  if (name === undefined || read.length !== numbers || read.includes(undefined)) return undefined;
  return [...read, name].join(" ");
}

/** RFC 8659, 4.1.1; the value may be in quotes, as tools print it. */
function property(text: string): ExpectedRecord | undefined {
  const [, flagsText = "", tag = "", written = ""] = /^\s*(\S+)\s+([0-9a-z]+)\s+(.*?)\s*$/is.exec(text) ?? [];
  const flags = number(flagsText, MAX_UINT8);
  if (flags === undefined) return undefined;
  const value = Buffer.from(/^"(.*)"$/s.exec(written)?.[1] ?? written).toString("latin1");
  const start = `${flags} ${tag.toLowerCase()} `;
  return { shown: bounded(start + quoted(value)), key: start + value };
}

/**
 * Reads a name as `nameText` writes it, with `\.` and `\007` for special characters.
 *
 * @returns the name in lower case, without a final dot except for the root; undefined when no message can hold it
 */
function nameKey(text: string): string | undefined {
  if (text === ".") return text;
  const ascii = asciiName(text);
  if (ascii === undefined) return undefined;
  const labels = [""];
  for (const [piece, code, char] of ascii.matchAll(/\\([0-9]{3})|\\(.?)|[^\\]/gs)) {
    if (char === "" || Number(code ?? 0) > MAX_UINT8) return undefined;
    if (piece === ".") labels.push("");
    else
      labels.push((labels.pop() ?? "") + (code === undefined ? (char ?? piece) : String.fromCharCode(+code)));
  }
  if (labels.at(-1) === "") labels.pop();
  const bytes = labels.reduce((sum, label) => sum + 1 + label.length, 1);
  const valid = labels.every((label) => label !== "" && label.length <= MAX_LABEL_BYTES);
  if (labels.length === 0 || !valid || bytes > MAX_NAME_BYTES) return undefined;
  return labels.map(escapeLabel).join(".").toLowerCase();
}
