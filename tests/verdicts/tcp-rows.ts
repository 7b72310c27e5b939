/** Behavior of backends in tcp checks: connections, banners, answers, and every way to end. */
import { startBlackhole } from "../harness/backends/blackhole.ts";
import { type Behavior, PATIENT, SHORT } from "./behavior.ts";
import { closed, inPieces, neverAccepts, type Script, scripted } from "./plain-backend.ts";

type Rest = Partial<Behavior>;

const BANNER = "220 mail.example.com ESMTP ready\r\n";
const LONG_BANNER = `${"220-welcome to this server\r\n".repeat(3_600)}${BANNER}`;
const BANNER_WANTED = { receive: "220 " };
const PING = { send: "PING\r\n", receive: "+PONG" };
const ANSWER = "+PONG\r\n";

/** A row whose check only connects. */
function connects(id: string, backend: string, script: Script, rest: Rest = {}): Behavior {
  return row(id, backend, script, {}, "L4OK", rest);
}

/** A row whose check waits for a banner that starts with `220 `. */
function banner(
  id: string,
  backend: string,
  script: Script,
  wanted: Behavior["wanted"],
  rest: Rest = {},
): Behavior {
  return row(id, backend, script, BANNER_WANTED, wanted, rest);
}

/** A row whose check sends `PING` and waits for `+PONG`. */
function asks(
  id: string,
  backend: string,
  script: Script,
  wanted: Behavior["wanted"],
  rest: Rest = {},
): Behavior {
  return row(id, backend, script, PING, wanted, rest);
}

function row(
  id: string,
  backend: string,
  script: Script,
  fields: Readonly<Record<string, unknown>>,
  wanted: Behavior["wanted"],
  rest: Rest,
): Behavior {
  const { check, ...others } = rest;
  const timeout = wanted.endsWith("TOUT") ? SHORT : PATIENT;
  return {
    id: `tcp-${id}`,
    backend,
    start: () => scripted(script),
    wanted,
    haproxy: wanted,
    ...others,
    check: { timeout, ...fields, ...check, checker_type: "tcp" },
  };
}

const nothing: Script = () => {};

/** All of them. */
export const TCP_ROWS: readonly Behavior[] = [
  connects("accepts", "accepts and waits", nothing),
  connects("accepts-graceful", "accepts and waits; the check closes by FIN", nothing, {
    check: { checker_type: "tcp", close: "graceful" },
  }),
  row("refuses", "refuses the connection", nothing, {}, "L4CON", { start: closed }),
  row("drops", "drops every SYN", nothing, {}, "L4TOUT", { start: () => startBlackhole() }),
  connects("never-accepts", "listens and never accepts", nothing, { start: neverAccepts }),
  connects("accepts-and-resets", "accepts and resets immediately", (peer) => peer.reset()),
  connects("accepts-and-closes", "accepts and closes immediately", (peer) => peer.end()),
  connects("greets-and-resets", "sends a banner and resets", async (peer) => {
    await peer.write(BANNER);
    peer.reset();
  }),
  connects("floods", "writes without end", async (peer) => {
    while (peer.open) await peer.write(LONG_BANNER);
  }),
  banner("banner", "sends the banner", (peer) => peer.write(BANNER), "L7OK"),
  banner(
    "banner-then-fin",
    "sends the banner and closes",
    async (peer) => {
      await peer.write(BANNER);
      peer.end();
    },
    "L7OK",
  ),
  banner(
    "banner-then-reset",
    "sends the banner and resets",
    async (peer) => {
      await peer.write(BANNER);
      peer.reset();
    },
    "L7OK",
  ),
  banner(
    "half-banner-then-fin",
    "sends the first half of the banner and closes",
    async (peer) => {
      await peer.write("22");
      peer.end();
    },
    "L7RSP",
  ),
  banner(
    "half-banner-then-reset",
    "sends the first half of the banner and resets",
    async (peer) => {
      await peer.write("22");
      peer.reset();
    },
    "L7RSP",
  ),
  banner(
    "half-banner-then-silence",
    "sends half of the banner and no more",
    (peer) => peer.write("22"),
    "L7TOUT",
  ),
  banner(
    "reset-for-banner",
    "accepts and resets where a banner is expected",
    (peer) => peer.reset(),
    "L7RSP",
  ),
  banner("close-for-banner", "accepts and closes where a banner is expected", (peer) => peer.end(), "L7RSP"),
  banner("silence-for-banner", "accepts and sends nothing where a banner is expected", nothing, "L7TOUT"),
  banner("stuck-for-banner", "listens and never accepts where a banner is expected", nothing, "L7TOUT", {
    start: neverAccepts,
  }),
  banner("refuses-banner", "refuses the connection where a banner is expected", nothing, "L4CON", {
    start: closed,
  }),
  banner("wrong-banner", "sends another banner", (peer) => peer.write("554 no service\r\n"), "L7RSP"),
  banner(
    "banner-later",
    "sends other bytes before the banner",
    (peer) => peer.write(`\r\n${BANNER}`),
    "L7RSP",
  ),
  banner(
    "dripped-banner",
    "sends the banner in pieces of one byte",
    (peer) => inPieces(peer, BANNER, 1, 2),
    "L7OK",
  ),
  banner(
    "slow-banner",
    "sends one byte of the banner every 300 ms",
    (peer) => inPieces(peer, BANNER, 1, 300),
    "L7TOUT",
    { check: { checker_type: "tcp", receive: BANNER } },
  ),
  banner(
    "late-banner",
    "sends the banner after 300 ms",
    async (peer) => {
      await Bun.sleep(300);
      await peer.write(BANNER);
    },
    "L7OK",
  ),
  banner("long-banner", "sends a banner of 100 kB", (peer) => peer.write(LONG_BANNER), "L7OK", {
    check: { checker_type: "tcp", receive: "220-welcome" },
  }),
  banner(
    "long-banner-graceful",
    "sends a banner of 100 kB; the check closes by FIN",
    (peer) => peer.write(LONG_BANNER),
    "L7OK",
    {
      check: { checker_type: "tcp", receive: "220-welcome", close: "graceful" },
    },
  ),
  banner(
    "flood-for-banner",
    "writes something else without end",
    async (peer) => {
      while (peer.open) await peer.write("all work and no play ");
    },
    "L7RSP",
  ),
  banner("nul-banner", "sends NUL bytes", (peer) => peer.write("\0\0\0\0"), "L7RSP"),
  banner(
    "binary-banner",
    "sends the bytes 4a 00 ff fe; the check expects them in hex",
    (peer) => peer.write("\x4a\x00\xff\xfe"),
    "L7OK",
    { check: { checker_type: "tcp", receive: undefined, receive_hex: "4a00fffe" } },
  ),
  banner(
    "other-binary-banner",
    "sends the bytes 4a 00 ff fd; the check expects 4a 00 ff fe",
    (peer) => peer.write("\x4a\x00\xff\xfd"),
    "L7RSP",
    { check: { checker_type: "tcp", receive: undefined, receive_hex: "4a00fffe" } },
  ),
  asks(
    "answers",
    "answers as expected",
    async (peer) => {
      await peer.request();
      await peer.write(ANSWER);
    },
    "L7OK",
  ),
  asks("answers-early", "answers before it is asked", (peer) => peer.write(ANSWER), "L7OK"),
  asks(
    "answers-then-fin",
    "answers and closes",
    async (peer) => {
      await peer.request();
      await peer.write(ANSWER);
      peer.end();
    },
    "L7OK",
  ),
  asks(
    "answers-then-resets",
    "answers and resets",
    async (peer) => {
      await peer.request();
      await peer.write(ANSWER);
      peer.reset();
    },
    "L7OK",
  ),
  asks(
    "answers-otherwise",
    "answers something else",
    async (peer) => {
      await peer.request();
      await peer.write("-NOAUTH\r\n");
    },
    "L7RSP",
  ),
  asks(
    "never-answers",
    "takes the request and never answers",
    async (peer) => {
      await peer.request();
    },
    "L7TOUT",
  ),
  asks(
    "resets-when-asked",
    "resets when it is asked",
    async (peer) => {
      await peer.request();
      peer.reset();
    },
    "L7RSP",
  ),
  asks(
    "closes-when-asked",
    "closes when it is asked",
    async (peer) => {
      await peer.request();
      peer.end();
    },
    "L7RSP",
  ),
  asks(
    "waits-for-fin",
    "answers only when the client has closed its half",
    async (peer) => {
      await peer.ended();
      await peer.write(ANSWER);
    },
    "L7TOUT",
  ),
  asks("echoes", "sends the request back", async (peer) => peer.write(await peer.request()), "L7RSP"),
  row(
    "any-answer",
    "answers anything; the check expects no particular bytes",
    async (peer) => {
      await peer.request();
      await peer.write("?");
    },
    { send: "PING\r\n" },
    "L7OK",
    {},
  ),
  row(
    "no-answer-at-all",
    "closes when it is asked; the check expects no particular bytes",
    async (peer) => {
      await peer.request();
      peer.end();
    },
    { send: "PING\r\n" },
    "L7RSP",
    {},
  ),
  row(
    "binary-answer",
    "answers ff 00 when it is asked with 00 ff",
    async (peer) => {
      await peer.write((await peer.request()) === "\x00\xff" ? "\xff\x00" : "no");
    },
    { send_hex: "00ff", receive_hex: "ff00" },
    "L7OK",
    {},
  ),
];
