/**
 * A TCP sink in a process of its own: accepts on some ports and holds each connection until the peer closes it. Started by
 * sink.ts, for tests that measure the daemon's CPU. The second argument is the address. Writes its ports as one line of JSON; ends with its stdin.
 */

const ports = Array.from(
  { length: Number(process.argv[2] ?? 1) },
  () =>
    Bun.listen({ hostname: process.argv[3] ?? "127.0.0.1", port: 0, socket: { data() {}, error() {} } }).port,
);
process.stdout.write(`${JSON.stringify(ports)}\n`);
for await (const _ of Bun.stdin.stream()) {
  // Nothing is said; its end is what is waited for.
}
process.exit(0);

export {};
