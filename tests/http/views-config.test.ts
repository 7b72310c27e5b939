/** The API's view of a check's configuration, and its omissions. */
import { expect, test } from "bun:test";
import type { CheckSpec } from "../../src/checks/registry.ts";
import { detail, listItem, searchText } from "../../src/http/views.ts";
import { bytesOfText } from "../../src/model/bytes.ts";
import { makeSpec, success, tcpSpec, USUAL_DNS, wanting } from "../harness/fakes/fakes.ts";
import { httpSpec } from "../harness/fakes/http-spec.ts";
import { Stock } from "../harness/fakes/monitor-stock.ts";

const SECRET = "s3cr3t";
const TLS = { verify: false, serverName: "www.example.com" };
const HTTP = httpSpec({
  address: { ip: "10.0.0.1", port: 443 },
  tls: TLS,
  path: `/healthz?token=${SECRET}`,
  host: "www.example.com",
  headers: [
    ["Authorization", `Bearer ${SECRET}`],
    ["X-Key", SECRET],
  ],
  expectedCodes: [200, 204],
  response: "ok",
});

const config = (check: CheckSpec) => detail(new Stock().add(makeSpec(1, { check }))).config;

test("views: a check's configuration by type", () => {
  const pace = { interval_ms: 1_000, timeout_ms: 500, rise: 1, fall: 1 };
  expect(config(tcpSpec(80))).toEqual({
    ...pace,
    address: "10.0.0.1:80",
    tls: null,
    send: null,
    receive: null,
    close: "reset",
    handshake: "half",
  });
  expect(
    config(tcpSpec(443, { tls: TLS, send: bytesOfText("é"), receive: bytesOfText("+OK") })),
  ).toMatchObject({
    tls: { verify: false, server_name: "www.example.com" },
    send: "(2 bytes, not shown)",
    receive: "+OK",
  });
  expect(config(tcpSpec(443, { receive: Uint8Array.of(0, 255) }))).toMatchObject({ receive_hex: "00 ff" });
  expect(config(HTTP)).toEqual({
    ...pace,
    address: "10.0.0.1:443",
    tls: { verify: false, server_name: "www.example.com" },
    method: "GET",
    path: "/healthz?…",
    host: "www.example.com",
    headers: ["Authorization: (not shown)", "X-Key: (not shown)"],
    expected_codes: [200, 204],
    response: "ok",
  });
  const question = { query: "a.test", queryTypes: ["AAAA"], ...USUAL_DNS, wanted: wanting(["::1"]) } as const;
  const dns = { type: "dns", socket: undefined, ...question } as const;
  const asked = { ...pace, query: "a.test", query_type: "AAAA", expected_ips: ["::1"] };
  expect(config({ ...dns, server: undefined })).toEqual({ ...asked, server: "system resolver" });
  expect(config({ ...dns, server: { ip: "::1", port: 53 } })).toEqual({ ...asked, server: "[::1]:53" });
});

test("views: socket options that are set are shown by the names of their fields", () => {
  const socket = { mark: 7, sourceIp: "10.0.0.2", interface: "eth0" };
  const shown = { mark: 7, source_ip: "10.0.0.2", interface: "eth0" };
  for (const check of [tcpSpec(80, { socket }), { ...HTTP, socket }])
    expect(config(check)).toMatchObject(shown);
  const some = config(
    tcpSpec(80, { socket: { mark: undefined, sourceIp: undefined, interface: "a\x1b[1m" } }),
  );
  expect(Object.keys(some)).not.toContain("mark");
  expect(some).toMatchObject({ interface: "a\\u001b[1m" });
  expect(Object.keys(config(tcpSpec(80)))).not.toContain("interface");
});

test("views: header values, what is sent and query strings are shown nowhere, and cannot be searched for", () => {
  const stock = new Stock();
  for (const check of [HTTP, tcpSpec(80, { send: bytesOfText(`AUTH ${SECRET}\r\n`) })]) {
    const monitor = stock.add(makeSpec(1, { check }), [success()]);
    expect(JSON.stringify([detail(monitor), listItem(monitor)])).not.toContain(SECRET);
    expect(searchText(monitor)).not.toContain(SECRET);
  }
});
