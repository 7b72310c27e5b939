/** DNS answers full of names that lead into each other, as a hostile server makes them. Called by the tests of hostile nameservers. */
import { rawReply } from "./rogue-dns-server.ts";

const [A, CNAME, TXT] = [1, 5, 16];
const IN = 1;
const QUESTION_NAME = 12;
/** The data of the first record, behind its name's pointer and its head. */
const RECORD_HEAD = 12;
/** A name of the most labels there can be: 126 of one letter. */
const LABELS = 126;

function u16(value: number): number[] {
  return [value >> 8, value & 0xff];
}

function pointer(target: number): number[] {
  return u16(0xc000 | target);
}

function record(owner: readonly number[], type: number, data: readonly number[]): number[] {
  return [...owner, ...u16(type), ...u16(IN), 0, 0, 0, 60, ...u16(data.length), ...data];
}

/** Kind of tangle: long chains of pointers, or long names that share their ends. */
export type Tangle = "pointers" | "labels";

/** Made once: only the id differs from question to question. */
const made = new Map<string, Buffer>();

/**
 * An answer to a question: half of it are names in a text record, half are aliases that point into them.
 *
 * @param bytes - about how long it is
 */
export function tangledReply(query: Buffer, tangle: Tangle, bytes: number): Buffer {
  const key = `${tangle} ${bytes} ${query.toString("latin1", 2)}`;
  const message = made.get(key) ?? makeReply(query, tangle, bytes);
  made.set(key, message);
  const copy = Buffer.from(message);
  query.copy(copy, 0, 0, 2);
  return copy;
}

function makeReply(query: Buffer, tangle: Tangle, bytes: number): Buffer {
  const webAt = query.length + RECORD_HEAD;
  const web: number[] = [0];
  const starts: number[] = [];
  while (web.length < bytes / 2) {
    starts.push(webAt + web.length);
    if (tangle === "pointers") web.push(...pointer(Math.max(webAt, webAt + web.length - 2)));
    else {
      const label = (web.length - 1) % (LABELS * 2 + 1);
      if (label === LABELS * 2) starts.pop();
      web.push(...(label === LABELS * 2 ? [0] : [1, 97 + (starts.length % 26)]));
    }
  }
  const aliases: number[][] = [];
  const step = Math.max(1, Math.floor(starts.length / (bytes / 2 / 14)));
  for (let index = 0; index < starts.length; index += step) {
    const name = pointer(starts[index] ?? webAt);
    aliases.push(record(name, CNAME, name));
  }
  const address = record(pointer(QUESTION_NAME), A, [192, 0, 2, 1]);
  const records = [record(pointer(QUESTION_NAME), TXT, web), ...aliases.slice(0, 900), address];
  return rawReply(query, records.flat(), records.length);
}
