/** Backends at every address of the far network: answers each TCP connection to port 8080 as HTTP. Started by uplink.ts; ends with its stdin. */
const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

Bun.listen({
  hostname: "0.0.0.0",
  port: 8080,
  socket: {
    data(socket) {
      socket.end(ANSWER);
    },
    error() {},
  },
});
process.stdout.write("ready\n");
for await (const _ of Bun.stdin.stream()) {
  // Nothing is said; its end is what is waited for.
}
process.exit(0);

export {};
