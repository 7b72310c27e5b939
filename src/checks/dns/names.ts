/**
 * Names inside a DNS message (RFC 1035, 3.1 and 4.1.4), sans-I/O: labels, and pointers to names that came before. A message can hold
 * thousands of names that point into each other; each place is visited once and remembered, so the cost grows with the message only.
 */

/** A message that breaks the format; the error message says in which way. */
export class MalformedMessage extends Error {
  override name = "MalformedMessage";
}

/**
 * Stands for a name: equal names, in whatever case (RFC 4343), have equal numbers. It is a hash of 52 bits, so different names of one
 * message have different numbers for all practical purposes; a server that makes them collide decides its answer no more than before.
 */
export type NameId = number;

/** The longest name, with the lengths of its labels and its end (RFC 1035, 2.3.4). */
export const MAX_NAME_BYTES = 255;
/** A name of 255 bytes has at most 127 labels; a sane one has at most one pointer for each. */
const MAX_POINTERS = 127;
/** The two highest bits of a length: 11 marks a pointer of 14 bits, 01 and 10 have no meaning. */
const POINTER = 0xc0;
const LABEL_KINDS = 0x40;

/** The two halves of the hash: multipliers (FNV-1a's prime and Knuth's), bits, and the values of the root. */
const PRIME_A = 0x0100_0193;
const PRIME_B = 0x9e37_79b1;
const HALF_BITS = 26;
const HALF = 2 ** HALF_BITS;
const UNUSED_BITS = 32 - HALF_BITS;
const ROOT_A = 0x811c_9dc5 | 0;
const ROOT_B = 1;

/** The longest message, over TCP. */
const MAX_PLACES = 65_536;
/**
 * Names decoded at the offsets of the current message. Shared by all messages: an entry counts in its own generation
 * only.
 */
const known = {
  generation: new Int32Array(MAX_PLACES),
  /** The halves of its hash. */
  a: new Int32Array(MAX_PLACES),
  b: new Int32Array(MAX_PLACES),
  /** Length of the name there when written without pointers. */
  bytes: new Uint8Array(MAX_PLACES),
};
let generation = 0;
/** Places passed on the way through a name. */
const path = new Uint16Array(MAX_POINTERS + MAX_NAME_BYTES);

/** Decodes the names of one message, before those of another one. */
export class DnsNames {
  readonly #message: Buffer;

  /** @param message - at most 65,535 bytes */
  constructor(message: Buffer) {
    this.#message = message;
    generation = (generation + 1) | 0;
  }

  /**
   * Decodes the name at a place of the message.
   *
   * @param start - offset of its first byte
   * @throws MalformedMessage when the name is longer than 255 bytes, follows more than 127 pointers, or points forward
   */
  read(start: number): NameId {
    let at = start;
    let earliest = start;
    let pointers = 0;
    let bytes = 0;
    let steps = 0;
    while (known.generation[at] !== generation) {
      const length = byteAt(this.#message, at);
      if (length === 0) {
        remember(at, ROOT_A, ROOT_B, 1);
        break;
      }
      path[steps++] = at;
      if (length < POINTER) {
        bytes += 1 + length;
        if (bytes >= MAX_NAME_BYTES) throw tooLong();
        at = labelEnd(this.#message, at);
      } else {
        if (++pointers > MAX_POINTERS) {
          throw new MalformedMessage(`a name follows more than ${MAX_POINTERS} pointers`);
        }
        at = earliest = pointerTarget(this.#message, at, earliest);
      }
    }
    this.#rememberPath(steps, at);
    return idOf(start);
  }

  /** From the last step to the first: each name is its label and the name after it. */
  #rememberPath(steps: number, end: number): void {
    let a = known.a[end] ?? 0;
    let b = known.b[end] ?? 0;
    let bytes = known.bytes[end] ?? 1;
    for (let step = steps - 1; step >= 0; step--) {
      const at = path[step] ?? 0;
      const length = this.#message[at] ?? 0;
      if (length < POINTER) {
        bytes += 1 + length;
        if (bytes > MAX_NAME_BYTES) throw tooLong();
        // The length too: "a.b" is not "ab".
        for (let offset = 0; offset <= length; offset++) {
          const byte = lowerCase(this.#message[at + offset] ?? 0);
          a = Math.imul(a ^ byte, PRIME_A);
          b = Math.imul(b + byte + 1, PRIME_B);
          a ^= a >>> 15;
          b ^= b >>> 13;
        }
      }
      remember(at, a, b, bytes);
    }
  }
}

function remember(at: number, a: number, b: number, bytes: number): void {
  known.generation[at] = generation;
  known.a[at] = a;
  known.b[at] = b;
  known.bytes[at] = bytes;
}

function idOf(at: number): NameId {
  return ((known.a[at] ?? 0) >>> UNUSED_BITS) * HALF + ((known.b[at] ?? 0) >>> UNUSED_BITS);
}

/**
 * Writes a name that {@link DnsNames.read} has read.
 *
 * @returns the name as the server wrote it, special characters escaped, without a dot at its end; the root is a dot
 */
export function nameText(message: Buffer, start: number): string {
  const labels: string[] = [];
  let at = start;
  for (;;) {
    const length = byteAt(message, at);
    if (length === 0) return labels.length === 0 ? "." : labels.join(".");
    if (length >= POINTER) at = pointerTarget(message, at, at);
    else {
      const label = message.toString("latin1", at + 1, at + 1 + length);
      labels.push(escapeLabel(label));
      at += 1 + length;
    }
  }
}

/** Folds ASCII letters only (RFC 4343). Lengths of labels are below the letters, so folding them too changes nothing. */
export function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

/**
 * Skips a name where it stands; what its pointer points to does not matter for that.
 *
 * @param start - offset of its first byte
 * @returns the offset after it
 * @throws MalformedMessage when it extends past the end of the message
 */
export function endOfName(message: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const length = byteAt(message, at);
    if (length === 0) return at + 1;
    if (length >= POINTER) return at + 2;
    at = labelEnd(message, at);
  }
}

function byteAt(message: Buffer, at: number): number {
  const byte = message[at];
  if (byte === undefined) throw new MalformedMessage("a name extends past the end of the message");
  return byte;
}

function labelEnd(message: Buffer, at: number): number {
  const length = message[at] ?? 0;
  if (length >= LABEL_KINDS) throw new MalformedMessage("a name has a label of unknown kind");
  const end = at + 1 + length;
  if (end > message.length) throw new MalformedMessage("a name extends past the end of the message");
  return end;
}

/** A pointer may mean only names that came before, so following it ends. */
function pointerTarget(message: Buffer, at: number, earliest: number): number {
  const target = ((byteAt(message, at) & ~POINTER) << 8) | byteAt(message, at + 1);
  if (target >= earliest) throw new MalformedMessage("a name points forward");
  return target;
}

function tooLong(): MalformedMessage {
  return new MalformedMessage(`a name is longer than ${MAX_NAME_BYTES} bytes`);
}

/** Characters that a printed name escapes, including dots inside of labels. */
const SPECIAL = /[^\x21-\x7e]|[.\\]/g;

/** Writes a label of a name, special characters escaped. @param label - one character for each byte */
export function escapeLabel(label: string): string {
  return escapeText(label, SPECIAL);
}

/**
 * Escapes bytes as master files have them (RFC 1035, 5.1): `\.`, and `\007` for what is not printable ASCII.
 *
 * @param text - one character for each byte
 * @param special - matches the characters to escape
 */
export function escapeText(text: string, special: RegExp): string {
  return text.replaceAll(special, (char) => {
    const code = char.charCodeAt(0);
    return code > 0x20 && code < 0x7f ? `\\${char}` : `\\${String(code).padStart(3, "0")}`;
  });
}
