/**
 * Hostile nameservers in a process of their own. Started by tests/faults/hostile-nameserver.test.ts; writes its ports by name as a line of
 * JSON and ends with its stdin. {@link KINDS} has the behavior of each.
 */
import { TRUNCATED_RESPONSE } from "dns-packet";
import { framed, reply, startLiar, type Turn } from "./rogue-dns-server.ts";
import { type Tangle, tangledReply } from "./tangled-names.ts";

const FRAME_BYTES = 1_445;
const LARGE_BYTES = 30_000;
/** Datagrams for each question. */
const [FRAMES, LARGE] = [100, 10];

const otherId = (message: Buffer) => {
  message.writeUInt16BE(message.readUInt16BE(0) ^ 1, 0);
  return message;
};
const repeat = (count: number, message: Buffer, { say }: Turn) => {
  for (let index = 0; index < count; index++) say(message);
};
const tangles = (tangle: Tangle) => ({
  [`${tangle}Frames`]: (turn: Turn) => repeat(FRAMES, tangledReply(turn.query, tangle, FRAME_BYTES), turn),
  [`${tangle}FramesOtherId`]: (turn: Turn) =>
    repeat(FRAMES, otherId(tangledReply(turn.query, tangle, FRAME_BYTES)), turn),
  [`${tangle}Large`]: (turn: Turn) => repeat(LARGE, tangledReply(turn.query, tangle, LARGE_BYTES), turn),
  [`${tangle}LargeOtherId`]: (turn: Turn) =>
    repeat(LARGE, otherId(tangledReply(turn.query, tangle, LARGE_BYTES)), turn),
});

const KINDS: Readonly<Record<string, (turn: Turn) => void>> = {
  ...tangles("pointers"),
  ...tangles("labels"),
};

const ports: Record<string, number> = {};
for (const [kind, udp] of Object.entries(KINDS)) ports[kind] = (await startLiar(udp)).port;
for (const tangle of ["pointers", "labels"] as const) {
  const server = await startLiar(
    ({ query, say }) => say(reply(query, { flags: TRUNCATED_RESPONSE, answers: [] })),
    { asked: (talk, request) => talk.say(framed(tangledReply(request.subarray(2), tangle, LARGE_BYTES))) },
  );
  ports[`${tangle}OverTcp`] = server.port;
}
process.stdout.write(`${JSON.stringify(ports)}\n`);
for await (const _line of console) {
  // Nothing is asked of it.
}
process.exit(0);
