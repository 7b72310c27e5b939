/** RADIUS checks against FreeRADIUS, and where operators see them: metrics, API, explain and probe. Run by `bun test`. */
import { expect } from "bun:test";
import { randomBytes } from "node:crypto";
import { encodeRequest } from "../../src/checks/radius/packet.ts";
import { verdicts } from "../harness/backends/check-table.ts";
import {
  OTP_USER,
  RADIUS_CLIENT_SECRET,
  RADIUS_CLIENTS,
  RADIUS_USER,
  startFreeRadius,
} from "../harness/backends/freeradius.ts";
import { runCommand } from "../harness/base/command.ts";
import { peerTest } from "../harness/base/peers.ts";
import { freePort } from "../harness/base/ports.ts";
import { radiusCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { stateOf } from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig, scrapeUntil } from "../harness/daemon/metrics.ts";

const WRONG_PASSWORD = "not-wonderland";
const SUBJECT = "RADIUS Access-Request to @";
const STATUS = "RADIUS Status-Server to @";
const IGNORED = "no answer within 600ms; servers ignore unknown clients and wrong secrets";
const FIELDS = { interval: "60s", timeout: "10s", secret: RADIUS_CLIENT_SECRET, ...RADIUS_USER };

peerTest(
  "daemon: radius against FreeRADIUS: accept, reject, challenge, secrets, Message-Authenticator, Status-Server",
  ["freeradius"],
  async () => {
    await using server = await startFreeRadius();
    const check = (fields: object) => (id: number) =>
      radiusCheck(id, { hostname: "127.0.0.1", port: server.port }, { ...FIELDS, ...fields });
    const status = { method: "status", username: "", password: "" };
    const quick = { timeout: "600ms" };
    const found = await verdicts({
      accept: check({}),
      longPassword: check({ password: "x".repeat(128), expect: "reject" }),
      emptyPassword: check({ password: "", expect: "reject" }),
      reject: check({ password: WRONG_PASSWORD }),
      rejectExpected: check({ username: "stranger", expect: "reject" }),
      acceptedAnyway: check({ expect: "reject" }),
      challenge: check({ username: OTP_USER }),
      challengeExpected: check({ username: OTP_USER, expect: "challenge" }),
      any: check({ password: WRONG_PASSWORD, expect: "any" }),
      status: check(status),
      wrongSecret: check({ ...quick, secret: "wrong" }),
      wrongSecretOfStatus: check({ ...quick, ...status, secret: "wrong" }),
      strict: check({ source_ip: RADIUS_CLIENTS.strict }),
      strictStatus: check({ ...status, source_ip: RADIUS_CLIENTS.strict }),
      otherSecret: check({ ...quick, source_ip: RADIUS_CLIENTS.other }),
      unknownClient: check({ ...quick, source_ip: RADIUS_CLIENTS.unknown }),
    });
    const words = Object.fromEntries(
      Object.entries(found).map(([name, verdict]) => [
        name,
        verdict.replace(`127.0.0.1:${server.port}`, "@"),
      ]),
    );
    expect(words).toEqual({
      accept: `healthy L7OK ${SUBJECT}: answered Access-Accept`,
      longPassword: `healthy L7OK ${SUBJECT}: answered Access-Reject`,
      emptyPassword: `healthy L7OK ${SUBJECT}: answered Access-Reject`,
      reject: `unhealthy L7STS ${SUBJECT}: answered Access-Reject "No such login as …", expected Access-Accept`,
      rejectExpected: `healthy L7OK ${SUBJECT}: answered Access-Reject`,
      acceptedAnyway: `unhealthy L7STS ${SUBJECT}: answered Access-Accept, expected Access-Reject`,
      challenge: `unhealthy L7STS ${SUBJECT}: answered Access-Challenge "Enter the code", expected Access-Accept`,
      challengeExpected: `healthy L7OK ${SUBJECT}: answered Access-Challenge`,
      any: `healthy L7OK ${SUBJECT}: answered Access-Reject`,
      status: `healthy L7OK ${STATUS}: answered Access-Accept`,
      wrongSecret: `unhealthy L7TOUT ${SUBJECT}: ${IGNORED}`,
      wrongSecretOfStatus: `unhealthy L7TOUT ${STATUS}: ${IGNORED}`,
      strict: `healthy L7OK ${SUBJECT}: answered Access-Accept`,
      strictStatus: `healthy L7OK ${STATUS}: answered Access-Accept`,
      otherSecret: `unhealthy L7TOUT ${SUBJECT}: ${IGNORED}`,
      unknownClient: `unhealthy L7TOUT ${SUBJECT}: ${IGNORED}`,
    });
    const { plain, strict } = RADIUS_CLIENTS;
    const unsignedFirst = [await firstAnswered(server.port, plain), await firstAnswered(server.port, strict)];
    expect(unsignedFirst).toEqual(["unsigned", "signed"]);
    const log = server.log.join("\n");
    expect(log).toContain("invalid Message-Authenticator");
    expect(log).toContain(`unknown client ${RADIUS_CLIENTS.unknown}`);
  },
  60_000,
);

peerTest(
  "daemon: radius: metrics, the API, explain and probe show the check without secret and password",
  ["freeradius"],
  async () => {
    await using server = await startFreeRadius();
    const port = freePort();
    await using daemon = await startDaemon({ config: NO_REFRESH + metricsConfig(port) });
    await using client = await connectClient(daemon.socketPath);
    const target = { hostname: "127.0.0.1", port: server.port };
    client.update([radiusCheck(1, target, { ...FIELDS, password: WRONG_PASSWORD })]);
    const { message } = await stateOf(client, 1, "unhealthy");
    const sample = 'healthcheck_failures_total{type="radius",reason="L7STS"}';
    await scrapeUntil(port, "its failure", (samples) => (samples.get(sample) ?? 0) > 0);
    const list = await (await fetch(`http://127.0.0.1:${port}/api/healthchecks?type=radius`)).text();
    const address = `127.0.0.1:${server.port}`;
    expect(JSON.parse(list)).toMatchObject({
      healthchecks: [{ id: "1", type: "radius", target: `radius://${address}` }],
    });
    const explained = await runCommand(["explain", "1", "--addr", `127.0.0.1:${port}`]);
    expect(explained.out).toContain("secret          (not shown)");
    expect(explained.out).toContain("password        (not shown)");
    const probe = (...args: string[]) =>
      runCommand(["probe", "radius", address, "--secret", RADIUS_CLIENT_SECRET, ...args]);
    const [good, bad, status] = await Promise.all([
      probe("--username", RADIUS_USER.username, "--password", RADIUS_USER.password, "--json"),
      probe("--username", RADIUS_USER.username, "--password", WRONG_PASSWORD),
      probe("--method", "status"),
    ]);
    expect([good.status, JSON.parse(good.out)]).toMatchObject([
      0,
      { target: `radius://${address}`, verdict: "healthy", code: "L7OK" },
    ]);
    expect([bad.status, status.status]).toEqual([1, 0]);
    const outputs = [good, bad, status, explained].map(({ out, err }) => out + err);
    const shown = [message, list, ...outputs, ...daemon.log].join("\n");
    for (const secret of [RADIUS_CLIENT_SECRET, WRONG_PASSWORD, RADIUS_USER.password])
      expect(shown).not.toContain(secret);
  },
  60_000,
);

/**
 * Sends a request of the checks without its Message-Authenticator, then with it; the server answers in this order.
 *
 * @param source - address of the client
 * @returns the first one that is answered
 */
async function firstAnswered(port: number, source: string): Promise<"unsigned" | "signed"> {
  const parts = {
    secret: Buffer.from(RADIUS_CLIENT_SECRET),
    nasIdentifier: Buffer.from("lb1"),
    login: { username: Buffer.from(RADIUS_USER.username), password: Buffer.from(RADIUS_USER.password) },
  };
  const request = (identifier: number) =>
    encodeRequest(parts, { identifier, authenticator: randomBytes(16) });
  const first = request(1);
  const unsigned = Buffer.concat([first.subarray(0, 20), first.subarray(38)]);
  unsigned.writeUInt16BE(unsigned.length, 2);
  const answered = Promise.withResolvers<number | undefined>();
  const data = (_socket: unknown, bytes: Buffer) => answered.resolve(bytes[1]);
  const socket = await Bun.udpSocket({ hostname: source, port: 0, socket: { data } });
  socket.send(unsigned, port, "127.0.0.1");
  socket.send(request(2), port, "127.0.0.1");
  const identifier = await answered.promise;
  socket.close();
  return identifier === 1 ? "unsigned" : "signed";
}
