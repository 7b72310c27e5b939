/**
 * Names inside a DNS message (RFC 1035, 3.1 and 4.1.4), sans-I/O: labels, and pointers to names that came before. A message can hold
 * thousands of names that point into each other; each place is decoded once and remembered, so the cost
 * grows with the message only.
 */

/** The message breaks the format; the text says how. */
export class MalformedMessage extends Error {
  override name = "MalformedMessage";
}

/** The longest name, with the lengths of its labels and its end (RFC 1035, 2.3.4). */
export const MAX_NAME_BYTES = 255;
/** A name of 255 bytes has at most 127 labels; a sane one has at most one pointer for each. */
const MAX_POINTERS = 127;
/** The two highest bits of a length: 11 marks a pointer of 14 bits, 01 and 10 have no meaning. */
const POINTER = 0xc0;
const LABEL_KINDS = 0x40;

/** A name of one message: equal names have equal numbers. */
export type NameId = number;

/** A label and the name after it. */
interface Node {
  readonly label: string;
  readonly rest: NameId;
  /** Length of the name when written without pointers. */
  readonly bytes: number;
}

/** A place on the way through a name; a pointer has no label. */
interface Step {
  readonly at: number;
  readonly label: string | undefined;
  /** What the label takes, with its length. */
  readonly bytes: number;
}

const ROOT: NameId = 0;

/** Decodes the names of one message. */
export class DnsNames {
  readonly #message: Buffer;
  readonly #nodes: Node[] = [{ label: "", rest: ROOT, bytes: 1 }];
  readonly #byPlace = new Map<number, NameId>();
  readonly #byLabel = new Map<string, NameId>();
  /** The message, one character for each byte; labels are cut out of it. */
  #text: string | undefined;

  constructor(message: Buffer) {
    this.#message = message;
  }

  /**
   * Decodes the name at a place of the message. Names are equal in any case (RFC 4343).
   *
   * @param start - offset of its first byte
   * @throws MalformedMessage when the name is longer than 255 bytes, follows more than 127 pointers, or points forward
   */
  read(start: number): NameId {
    const known = this.#byPlace.get(start);
    if (known !== undefined) return known;
    const path: Step[] = [];
    let [at, earliest, pointers, bytes] = [start, start, 0, 0];
    let name: NameId | undefined;
    for (;;) {
      name = this.#byPlace.get(at);
      if (name !== undefined) break;
      const length = this.#byte(at);
      if (length === 0) {
        name = ROOT;
        break;
      }
      if (length >= POINTER) {
        const target = ((length & ~POINTER) << 8) | this.#byte(at + 1);
        // A pointer may mean only names that came before; so it cannot loop.
        if (target >= earliest) throw new MalformedMessage("a name points forward");
        if (++pointers > MAX_POINTERS) {
          throw new MalformedMessage(`a name follows more than ${MAX_POINTERS} pointers`);
        }
        path.push({ at, label: undefined, bytes: 0 });
        at = earliest = target;
      } else {
        bytes += 1 + length;
        if (bytes >= MAX_NAME_BYTES) throw tooLong();
        path.push({ at, label: this.#label(at + 1, labelEnd(this.#message, at)), bytes: 1 + length });
        at += 1 + length;
      }
    }
    return this.#remember(path, name);
  }

  /** The name in lower case, special characters escaped, without a dot at its end; the root is a dot. */
  text(name: NameId): string {
    const labels: string[] = [];
    for (let id = name; id !== ROOT; ) {
      const node = this.#nodes[id];
      labels.push(node?.label ?? "");
      id = node?.rest ?? ROOT;
    }
    return labels.length === 0 ? "." : labels.join(".");
  }

  /** @param end - the name that the path leads to */
  #remember(path: readonly Step[], end: NameId): NameId {
    let name = end;
    for (let index = path.length - 1; index >= 0; index--) {
      const step = path[index];
      if (step?.label !== undefined) name = this.#join(step.label, step.bytes, name);
      if (step !== undefined) this.#byPlace.set(step.at, name);
    }
    return name;
  }

  #join(label: string, labelBytes: number, rest: NameId): NameId {
    const key = `${rest} ${label}`;
    const known = this.#byLabel.get(key);
    if (known !== undefined) return known;
    const bytes = labelBytes + (this.#nodes[rest]?.bytes ?? 1);
    if (bytes > MAX_NAME_BYTES) throw tooLong();
    this.#byLabel.set(key, this.#nodes.length);
    return this.#nodes.push({ label, rest, bytes }) - 1;
  }

  #label(start: number, end: number): string {
    this.#text ??= this.#message.toString("latin1");
    const label = this.#text.slice(start, end);
    for (let at = start; at < end; at++) {
      if (!isPlain(this.#message[at] ?? 0)) return foldedLabel(label);
    }
    return label;
  }

  #byte(at: number): number {
    const byte = this.#message[at];
    if (byte === undefined) throw new MalformedMessage("a name extends past the end of the message");
    return byte;
  }
}

function tooLong(): MalformedMessage {
  return new MalformedMessage(`a name is longer than ${MAX_NAME_BYTES} bytes`);
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
    const length = message[at];
    if (length === undefined) throw new MalformedMessage("a name extends past the end of the message");
    if (length === 0) return at + 1;
    if (length >= POINTER) return at + 2;
    at = labelEnd(message, at);
  }
}

function labelEnd(message: Buffer, at: number): number {
  const length = message[at] ?? 0;
  if (length >= LABEL_KINDS) throw new MalformedMessage("a name has a label of unknown kind");
  const end = at + 1 + length;
  if (end > message.length) throw new MalformedMessage("a name extends past the end of the message");
  return end;
}

/** Printable ASCII without capitals, dot and backslash: most labels are nothing else. */
function isPlain(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f && byte !== 0x2e && byte !== 0x5c && (byte < 0x41 || byte > 0x5a);
}

const SPECIAL = /[^\x21-\x7e]|[.\\]/g;

function foldedLabel(label: string): string {
  // Only ASCII letters are the same in either case (RFC 4343).
  return escapeText(
    label.replaceAll(/[A-Z]+/g, (letters: string) => letters.toLowerCase()),
    SPECIAL,
  );
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
