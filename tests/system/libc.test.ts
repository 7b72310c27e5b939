/** Struct layouts of the C library on the machines that there are releases for. Run by `bun test`. */
import { expect, test } from "bun:test";
import { EPOLL_DATA_OFFSET, EPOLL_EVENT_BYTES, epollEventLayout } from "../../src/system/libc.ts";

test("libc: struct epoll_event is packed on x64, and aligned to its 64-bit data elsewhere", () => {
  expect(epollEventLayout("x64")).toEqual({ bytes: 12, dataOffset: 4 });
  expect(epollEventLayout("arm64")).toEqual({ bytes: 16, dataOffset: 8 });
});

test("libc: this machine's layout is the one in use", () => {
  expect({ bytes: EPOLL_EVENT_BYTES, dataOffset: EPOLL_DATA_OFFSET }).toEqual(epollEventLayout(process.arch));
});
