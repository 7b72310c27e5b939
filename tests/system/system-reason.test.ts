/** Reasons of requests without a response, as the runtime's fetch throws them. */
import { expect, test } from "bun:test";
import { fetchReason } from "../../src/system/system-reason.ts";
import { closedPort } from "../harness/backends/backends.ts";

async function reasonOf(port: number, scheme = "http"): Promise<string> {
  try {
    await fetch(`${scheme}://127.0.0.1:${port}/`, { method: "POST", body: "x" });
  } catch (error) {
    return fetchReason(error);
  }
  return "a response";
}

test("fetchReason: a refused and a closed connection are named in plain English", async () => {
  await using closed = closedPort();
  using closing = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket) => void socket.end() },
  });
  expect(await reasonOf(closed.port)).toBe("connection refused");
  expect(await reasonOf(closing.port)).toBe("connection closed without a response");
});

test("fetchReason: a server that speaks something else is described as such", async () => {
  using endless = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket) => void socket.write("X: y\r\n".repeat(100)) },
  });
  using smtp = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket) => void socket.end("220 smtp\r\n") },
  });
  expect(await reasonOf(endless.port)).toBe("not a valid HTTP response");
  expect(await reasonOf(smtp.port, "https")).toBe("TLS handshake failed");
});

test("fetchReason: other error numbers have the system's words", () => {
  const error = Object.assign(new Error("EHOSTUNREACH: Was there a typo in the url?"), {
    code: "EHOSTUNREACH",
  });
  expect(fetchReason(error)).toBe("host is unreachable");
});

test("fetchReason: other errors keep their message, without a stack", () => {
  expect(fetchReason(new Error("no response within 10s"))).toBe("no response within 10s");
  expect(fetchReason("stopped")).toBe("stopped");
});
