/**
 * Tokens of the system's line-oriented files (hosts(5), resolv.conf(5)), one at a time. However a file is built,
 * including one line of many megabytes, the reader can pause after each token and let other tasks run.
 */

/** Yielded at the end of each line, of an empty one too. */
export const LINE_END = "\n";
/** Yielded before the first token of an indented line. */
export const LINE_INDENT = " ";
/** Yielded now and then where there is no token, so that the reader can pause. */
export const PAUSE = "";

/** Longer tokens cannot be names, addresses or options; they are skipped. */
const MAX_TOKEN_CHARS = 1_024;
const [NEWLINE, BLANK, TAB] = [0x0a, 0x20, 0x09];
/** No blank and no character that starts a comment is above it. */
const SEMICOLON = 0x3b;

/**
 * Splits text into tokens.
 *
 * @param pieces - pieces of the text, cut anywhere
 * @param comments - characters that start a comment, to the end of the line
 * @returns tokens, and the marks {@link LINE_END}, {@link LINE_INDENT} and {@link PAUSE}
 */
export function* splitTokens(pieces: Iterable<string>, comments: string): Generator<string, void, undefined> {
  const isComment = new Set([...comments].map((char) => char.charCodeAt(0)));
  let token = "";
  let inComment = false;
  let atLineStart = true;
  for (const piece of pieces) {
    let tokenAt = 0;
    for (let at = 0; at < piece.length; at++) {
      const code = piece.charCodeAt(at);
      if (code > SEMICOLON && !inComment) {
        atLineStart = false;
        continue;
      }
      if (inComment && code !== NEWLINE) continue;
      const isBlank = code === BLANK || (code >= TAB && code <= 0x0d);
      if (!isBlank && !isComment.has(code)) {
        atLineStart = false;
        continue;
      }
      if (!inComment) token = joined(token, piece, tokenAt, at);
      if (token !== "" && token.length <= MAX_TOKEN_CHARS) yield token;
      token = "";
      tokenAt = at + 1;
      if (code === NEWLINE) yield LINE_END;
      else if (isBlank && atLineStart) yield LINE_INDENT;
      inComment = !isBlank;
      atLineStart = code === NEWLINE;
    }
    if (!inComment) token = joined(token, piece, tokenAt, piece.length);
    yield PAUSE;
  }
  if (token !== "" && token.length <= MAX_TOKEN_CHARS) yield token;
}

/** Continues a token in the next piece; of one that is too long, no more is kept than shows it. */
function joined(token: string, piece: string, start: number, end: number): string {
  return token.length > MAX_TOKEN_CHARS
    ? token
    : token + piece.slice(start, Math.min(end, start + MAX_TOKEN_CHARS + 1));
}
