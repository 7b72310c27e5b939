/** The healthchecks that a command of the control socket is about. */
import { expect, test } from "bun:test";
import type { HealthcheckSpec } from "../../src/model/spec.ts";
import type { Monitor } from "../../src/monitor/monitor.ts";
import { EVERY, selectId, selectTarget } from "../../src/overrides/selection.ts";
import { specOf } from "../harness/client/configs.ts";

// The selection reads the specification only.
const monitor = (spec: HealthcheckSpec) => ({ spec }) as Monitor;
const MONITORS = {
  tcp: monitor(specOf({ ip: "10.0.0.1", port: 80 })),
  https: monitor(
    specOf({ id: 2n, checker_type: "http", ip: "10.0.1.200", port: 443, path: "/x", secure: true }),
  ),
  icmp: monitor(specOf({ id: 3n, checker_type: "icmp", ip: "10.0.0.9", port: undefined })),
  dns: monitor(specOf({ id: 4n, checker_type: "dns", query: "a.example", ip: "2001:db8::53", port: 53 })),
  resolver: monitor(
    specOf({ id: 5n, checker_type: "dns", query: "a.example", ip: undefined, port: undefined }),
  ),
  vip: monitor(specOf({ id: 6n, ip: "192.0.2.9", port: 80, mode: "dsr", host: "172.16.0.7", mark: 1 })),
};

test.each([
  ["10.0.0.1", "tcp"],
  ["10.0.0.0/24", "tcp icmp"],
  ["10.0.0.0/8", "tcp https icmp"],
  ["10.0.0.7/16:443", "https"],
  ["10.0.0.1:80", "tcp"],
  ["10.0.0.1:81", ""],
  ["0.0.0.0/0", "tcp https icmp vip"],
  ["192.0.2.9", "vip"],
  ["172.16.0.7:80", "vip"],
  ["172.16.0.7:81", ""],
  ["2001:db8::/32", "dns"],
  ["2001:db8::53", "dns"],
  ["[2001:db8::]/32:53", "dns"],
  ["[2001:db8::/32]:53", "dns"],
  ["[2001:db8::53]", "dns"],
  ["[2001:db8::53]:54", ""],
  ["::/0", "dns"],
])("selection: the target %s is that of: %s", (target, names) => {
  const selection = selectTarget(target);
  if (typeof selection === "string") throw new Error(selection);
  const found = Object.entries(MONITORS).filter(([, one]) => selection.has(one));
  expect(found.map(([name]) => name).join(" ")).toBe(names);
});

test.each([
  "",
  "10.0.0",
  "10.0.0.0/33",
  "10.0.0.1:0",
  "10.0.0.1:70000",
  "a.example",
  "::/129",
  "[::/1]/2:3",
  "[::1",
  "10.0.0.1/8/9",
])("selection: %j is not a target", (target) => expect(selectTarget(target)).toStartWith("--target: "));

test("selection: an id is exactly one, and all are all", () => {
  const selection = selectId("2");
  if (typeof selection === "string") throw new Error(selection);
  const found = Object.entries(MONITORS).flatMap(([name, one]) => (selection.has(one) ? [name] : []));
  expect(found).toEqual(["https"]);
  expect(Object.values(MONITORS).every((one) => EVERY.has(one))).toBe(true);
  expect(selectId("02")).toStartWith("id: ");
});
