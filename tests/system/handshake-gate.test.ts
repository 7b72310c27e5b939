/** TLS handshakes that wait for us. */
import { expect, test } from "bun:test";
import { HandshakeGate } from "../../src/system/handshake-gate.ts";
import { closeFd, connectTcp } from "../harness/base/libc.ts";
import { until } from "../harness/base/wait.ts";

/** Makes connections on which the peer has sent something, or not. */
async function connections(count: number, speaks: boolean) {
  let opened = 0;
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        opened++;
        if (speaks) socket.write("hello");
      },
      data() {},
    },
  });
  const fds = Array.from({ length: count }, () => connectTcp("127.0.0.1", listener.port));
  await until(() => opened >= count, 5_000, "the connections");
  return {
    fds,
    [Symbol.dispose]() {
      for (const fd of fds) closeFd(fd);
      listener.stop(true);
    },
  };
}

test("handshakes: saturated while ten wait to be read, and no longer when some have ended", async () => {
  using spoken = await connections(12, true);
  const handshakes = new HandshakeGate();
  for (const fd of spoken.fds) handshakes.begin(fd);
  await until(() => handshakes.saturated, 5_000, "ten to be readable");
  for (const fd of spoken.fds.slice(0, 3)) handshakes.end(fd);
  expect(handshakes.saturated).toBe(false);
});

test("handshakes: a silent peer delays no other handshake", async () => {
  using silent = await connections(30, false);
  const handshakes = new HandshakeGate();
  for (const fd of silent.fds) handshakes.begin(fd);
  expect(handshakes.saturated).toBe(false);
});

test("handshakes: a descriptor that was closed is not waited for", async () => {
  using spoken = await connections(12, true);
  const handshakes = new HandshakeGate();
  for (const fd of spoken.fds) handshakes.begin(fd);
  await until(() => handshakes.saturated, 5_000, "ten to be readable");
  for (const fd of spoken.fds.splice(0, 6)) {
    closeFd(fd);
    handshakes.end(undefined);
  }
  expect(handshakes.saturated).toBe(false);
});
