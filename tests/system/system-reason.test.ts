/** Reasons of requests without a response, as the runtime's fetch throws them. */
import { expect, test } from "bun:test";
import { fetchReason } from "../../src/system/system-reason.ts";
import { closedPort } from "../harness/backends/backends.ts";

async function reasonOf(port: number): Promise<string> {
  try {
    await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: "x" });
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

test("fetchReason: other errors keep their message, without a stack", () => {
  expect(fetchReason(new Error("no response within 10s"))).toBe("no response within 10s");
  expect(fetchReason("stopped")).toBe("stopped");
});
