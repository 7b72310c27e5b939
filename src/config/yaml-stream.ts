/**
 * Reads YAML in short steps and bounded memory: finished parts are composed and built into the tree while the parser reads the rest.
 * The library composes a document in one call, which can take seconds, and has no bounds.
 */
import { Composer, type CST, Lexer, type Node, Parser, type YAMLError } from "yaml";
import { withoutSource } from "../redaction/foreign.ts";
import { type FormFault, TreeBuilder, YamlBoundError, type YamlNode } from "./yaml-tree.ts";

/** Options of a reader. */
export interface StreamOptions {
  /** True when integers become bigint, so that 64-bit ids keep their digits. */
  readonly bigIntegers: boolean;
  /** Maximum number of values in the file, including those that its aliases expand to. */
  readonly maxValues: number;
}

/** Pieces of text in a step, which takes some 50 µs. */
const LEXEMES_PER_STEP = 32;
/** Steps after which the finished parts are built into the tree: some 1,000 pieces. */
const STEPS_PER_BUILD = 32;
/** Maximum number of tokens of an unfinished part; no meaningful line, comment or scalar has more. */
const MAX_OPEN_TOKENS = 20_000;
const MAX_DEPTH = 100;
/** Maximum length of a scalar, comment or run of blanks; the longest string of a field has 8,192 characters. */
const MAX_LEXEME_CHARS = 262_144;
/** Every meaningful stretch of a file contains a token of these kinds. */
const SIGNS = [":", ",", "#", "-"];
const MAX_DIRECTIVES = 20;
/** Number of errors after which the rest of the file is not read. */
const MAX_FAULTS = 1_000;

type Stacked = CST.Token & { readonly items?: CST.CollectionItem[] };

/** Reads one file. */
export class YamlStream {
  readonly faults: FormFault[] = [];
  /** The value of the file; undefined while it is read, and for an empty file. */
  root: YamlNode | undefined;
  readonly #text: string;
  readonly #options: StreamOptions;
  readonly #parser: Parser;
  readonly #tree: TreeBuilder;
  readonly #directives: CST.Directive[] = [];
  #documents = 0;

  /** @param onNewLine - receives the offset of the start of each line, in order */
  constructor(text: string, options: StreamOptions, onNewLine: (offset: number) => void) {
    this.#text = text;
    this.#options = options;
    this.#parser = new Parser(onNewLine);
    this.#tree = new TreeBuilder(options.bigIntegers, options.maxValues, (fault) => this.#fault(fault));
    onNewLine(0);
  }

  /** Reads the file, one short step at a time; its errors are in {@link faults}. */
  *read(): Generator<void> {
    try {
      yield* this.#read();
    } catch (error) {
      if (!(error instanceof YamlBoundError)) throw error;
      this.faults.push({ offset: error.offset, message: error.message });
    }
  }

  *#read(): Generator<void> {
    this.#checkSigns();
    let lexemes = 0;
    for (const lexeme of new Lexer().lex(this.#text)) {
      if (lexeme.length > MAX_LEXEME_CHARS)
        throw new YamlBoundError(
          `a string or comment longer than ${MAX_LEXEME_CHARS} characters, the maximum`,
          this.#parser.offset,
        );
      for (const token of this.#parser.next(lexeme)) this.#take(token);
      if (++lexemes % LEXEMES_PER_STEP !== 0) continue;
      if (lexemes % (LEXEMES_PER_STEP * STEPS_PER_BUILD) === 0) this.#buildFinished();
      this.#checkDepth();
      yield;
    }
    this.#checkDepth();
    for (const token of this.#parser.end()) this.#take(token);
    if (this.#documents === 0 && this.#directives.length > 0) this.#compose(this.#directives, undefined);
  }

  /** Bounds a scalar: the library processes an endless one in one call, for tens of milliseconds. */
  #checkSigns(): void {
    for (let at = 0; at + MAX_LEXEME_CHARS <= this.#text.length; at += MAX_LEXEME_CHARS) {
      const stretch = this.#text.slice(at, at + MAX_LEXEME_CHARS);
      if (!SIGNS.some((sign) => stretch.includes(sign)))
        throw new YamlBoundError(`${MAX_LEXEME_CHARS} characters without a key, an element or a comment`);
    }
  }

  #checkDepth(): void {
    if (this.#parser.stack.length > MAX_DEPTH)
      throw new YamlBoundError(`nested more than ${MAX_DEPTH} levels deep, the maximum`, this.#parser.offset);
  }

  #take(token: CST.Token): void {
    switch (token.type) {
      case "directive":
        if (this.#directives.push(token) > MAX_DIRECTIVES)
          throw new YamlBoundError(`more than ${MAX_DIRECTIVES} directives, the maximum`, token.offset);
        break;
      case "document":
        this.#document(token);
        break;
      case "error":
        this.#fault({ offset: token.offset, message: withoutSource(token.message) });
        break;
    }
  }

  #document(token: CST.Document): void {
    if (++this.#documents > 1)
      throw new YamlBoundError("second document (---); a file must hold one document", token.offset);
    const contents = this.#compose([...this.#directives, token], token.value);
    if (token.value !== undefined) this.root = this.#tree.build(contents);
  }

  /** Builds the finished parts of the open collections, the outer ones first, in the order of the file. */
  #buildFinished(): void {
    const stack: readonly Stacked[] = this.#parser.stack;
    if (this.#documents > 0 && stack[0]?.type === "document") this.#document(stack[0]);
    for (const token of stack) {
      if (!isCollection(token) || token.items.length < 2) continue;
      // The parser reads the last element, and the end of the previous one.
      const finished = token.items.splice(0, token.items.length - 1);
      const piece = pieceOf(token, finished, this.#parser.offset);
      const { offset } = token;
      // The library measures the length of a key from the start of its map.
      token.offset = startOf(token.items[0]) ?? offset;
      this.#tree.begin(
        token,
        offset,
        this.#compose([...this.#directives, documentOf(piece, this.#directives.length > 0)], piece),
      );
      if (token.type === "flow-collection") dropComma(token.items[0], (fault) => this.#fault(fault));
    }
    let open = 0;
    for (const token of stack) open += countTokens(token);
    if (open > MAX_OPEN_TOKENS)
      throw new YamlBoundError(
        `more than ${MAX_OPEN_TOKENS} words, signs, comments or blank lines in one place, the maximum`,
        this.#parser.offset,
      );
  }

  #compose(tokens: readonly CST.Token[], value: CST.Token | undefined): Node | null {
    const { bigIntegers: intAsBigInt } = this.#options;
    const composer = new Composer({
      intAsBigInt,
      keepSourceTokens: true,
      uniqueKeys: false,
      logLevel: "error",
    });
    for (const document of composer.compose(tokens, value === undefined, this.#parser.offset)) {
      for (const error of document.errors) this.#fault({ offset: error.pos[0], message: wordsOf(error) });
      return document.contents;
    }
    return null;
  }

  #fault(fault: FormFault): void {
    // Each piece is read with the directives.
    const isKnown = this.faults.some(
      ({ offset, message }) => offset === fault.offset && message === fault.message,
    );
    if (isKnown) return;
    this.faults.push(fault);
    if (this.faults.length >= MAX_FAULTS) throw new YamlBoundError("the rest of the file was not read");
  }
}

/** Returns the message of the library, without its advice to programmers. */
function wordsOf({ message }: YAMLError): string {
  return withoutSource(message);
}

function isCollection(token: CST.Token): token is CST.BlockMap | CST.BlockSequence | CST.FlowCollection {
  return token.type === "block-map" || token.type === "block-seq" || token.type === "flow-collection";
}

/** Makes a separate collection of the finished elements of one. */
function pieceOf(
  token: CST.BlockMap | CST.BlockSequence | CST.FlowCollection,
  items: CST.CollectionItem[],
  offset: number,
): CST.Token {
  const begun = { ...token, offset: startOf(items[0]) ?? token.offset, items };
  // The elements have the type that the collection has.
  if (token.type !== "flow-collection") return begun as CST.BlockMap;
  const isList = token.start.type === "flow-seq-start";
  if (isList) for (const item of items) asElement(item);
  const end: CST.SourceToken = {
    type: isList ? "flow-seq-end" : "flow-map-end",
    offset,
    indent: token.indent + 1,
    source: isList ? "]" : "}",
  };
  return { ...begun, end: [end] } as CST.FlowCollection;
}

/** Returns the offset of an element. */
function startOf(item: CST.CollectionItem | undefined): number | undefined {
  return (item?.start[0] ?? item?.key ?? item?.sep?.[0] ?? item?.value)?.offset;
}

/** Corrects the elements of a flow list, which the parser treats as keys until it has read the end of the list. */
function asElement(item: CST.CollectionItem): void {
  const { start, key, sep, value } = item;
  const isPair =
    start.some(({ type }) => type === "explicit-key-ind") ||
    sep?.some(({ type }) => type === "map-value-ind");
  if (sep === undefined || value || isPair) return;
  if (key) item.value = key;
  delete item.key;
  delete (item as { sep?: unknown }).sep;
  start.push(...sep);
}

/** Removes the comma before the first element of a piece, which follows the last element of the piece before. */
function dropComma(item: CST.CollectionItem | undefined, fault: (fault: FormFault) => void): void {
  if (item === undefined) return;
  const at = item.start.findIndex(({ type }) => type === "comma");
  if (at >= 0) item.start.splice(at, 1);
  else if (item.key || item.value)
    fault({ offset: (item.key ?? item.value)?.offset, message: "Missing , between flow collection items" });
}

/** @param withDirectives - directives need a mark behind them */
function documentOf(value: CST.Token, withDirectives: boolean): CST.Document {
  const { offset } = value;
  const start: CST.SourceToken[] = withDirectives
    ? [
        { type: "doc-start", offset, indent: 0, source: "---" },
        { type: "newline", offset, indent: 0, source: "\n" },
      ]
    : [];
  return { type: "document", offset, start, value };
}

/** Counts the tokens within a token. */
function countTokens(token: CST.Token | null | undefined): number {
  if (token === null || token === undefined) return 0;
  let count = 1;
  if ("start" in token && Array.isArray(token.start)) count += token.start.length;
  if ("props" in token) count += token.props.length;
  if ("end" in token) count += token.end?.length ?? 0;
  if ("value" in token) count += countTokens(token.value);
  if (!isCollection(token)) return count;
  for (const { start, key, sep, value } of token.items)
    count += start.length + countTokens(key) + (sep?.length ?? 0) + countTokens(value);
  return count;
}
