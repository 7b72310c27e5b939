/** Lines of a client as the splitter gives them, and lists of configs cut out of them. Called by the tests of src/protocol. */
import { type CutMessage, type Element, splitConfigs } from "../../../src/protocol/config-splitter.ts";
import type { Line } from "../../../src/protocol/lines.ts";

/** These bytes as a line, newlines among them included. @param blockBytes - the size of its blocks */
export function lineOf(content: string | Uint8Array, blockBytes = Number.MAX_SAFE_INTEGER): Line {
  const bytes = Buffer.from(content);
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += blockBytes) blocks.push(bytes.subarray(at, at + blockBytes));
  return { byteLength: bytes.length, blocks };
}

/** The bytes of a line in one piece. */
export function bytesOf({ blocks }: Line): Buffer {
  return Buffer.concat(blocks);
}

/** A message cut up, as text. */
export interface CutText {
  readonly envelope: string;
  readonly elements: readonly string[] | undefined;
}

/** Cuts a message up. @param blockBytes - the size of its blocks */
export async function cutText(text: string, blockBytes?: number): Promise<CutText> {
  const { envelope, elements }: CutMessage = await splitConfigs(lineOf(text, blockBytes));
  return { envelope: Buffer.from(envelope).toString(), elements: elements && textsOf(elements) };
}

/** The texts of elements. */
export function textsOf(elements: Iterable<Element>): string[] {
  return [...elements].map((element) => element.text ?? `(${element.problem})`);
}

/** Elements of a list, as if they had been cut out of a message. */
export function elementsOf(texts: readonly string[]): Element[] {
  return texts.map((text) => ({ text }));
}
