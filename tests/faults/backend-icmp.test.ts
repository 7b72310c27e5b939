/**
 * ICMP checks of hosts that answer badly, on both kinds of sockets: each behavior has its verdict, and a healthy neighbor does not notice.
 * Run by `bun test`.
 */
import { expect, test } from "bun:test";
import { verdicts } from "../harness/backends/check-table.ts";
import { startRoguePinger } from "../harness/backends/rogue-pinger.ts";
import { PINGER_BEHAVIORS, type PingerBehavior } from "../harness/backends/rogue-pinger-behaviors.ts";
import { rootTest } from "../harness/base/peers.ts";
import { until } from "../harness/base/wait.ts";
import { icmpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { type Link, startLink } from "../harness/machines/link.ts";

/** Checks of each kind that share a socket. */
const CROWD = 40;
const MIN_RESULTS = 40;

/** The verdict of each behavior, behind `ICMP echo to ADDRESS: `. */
const EXPECTED: Readonly<Record<PingerBehavior, string>> = {
  healthy: "healthy L4OK answered",
  twice: "healthy L4OK answered",
  loses: "healthy L4OK answered",
  silent: "unhealthy L4TOUT no answer to 2 requests within 1s",
  late: "unhealthy L4TOUT no answer to 2 requests within 1s",
  wrongToken: "unhealthy L4TOUT no answer to 2 requests within 1s",
  wrongId: "unhealthy L4TOUT no answer to 2 requests within 1s",
  wrongSequence: "unhealthy L4TOUT no answer to 2 requests within 1s",
  wrongSource: "unhealthy L4TOUT no answer to 2 requests within 1s",
  wrongChecksum: "unhealthy L4TOUT no answer to 2 requests within 1s",
  wrongType: "unhealthy L4TOUT no answer to 2 requests within 1s",
  short: "unhealthy L7RSP answered with 20 bytes instead of 56",
  long: "unhealthy L7RSP answered with 156 bytes instead of 56",
  tokenless: "unhealthy L4TOUT no answer to 2 requests within 1s",
  unreachable: "unhealthy L4CON ICMP host unreachable",
  headerOnly: "unhealthy L4CON ICMP host prohibited",
  timeExceeded: "unhealthy L4CON ICMP TTL exceeded from 203.0.113.200",
  parameter: "unhealthy L4CON ICMP parameter problem",
  unknownCode: "unhealthy L4TOUT no answer to 2 requests within 1s",
  errorOfOtherToken: "unhealthy L4TOUT no answer to 2 requests within 1s",
  errorOfOtherTarget: "unhealthy L4TOUT no answer to 2 requests within 1s",
  redirect: "healthy L4OK answered",
  tooBigOnce: "healthy L4OK answered",
  answerThenError: "healthy L4OK answered",
  flood: "healthy L4OK answered",
  floodAndSilence: "unhealthy L4TOUT no answer to 2 requests within 1s",
};

test("backend: icmp: every behavior has its verdict", () => {
  expect(Object.keys(EXPECTED).sort()).toEqual(PINGER_BEHAVIORS.toSorted());
});

async function found({ near, far }: Link): Promise<Record<string, string>> {
  await using pinger = await startRoguePinger(near, far);
  const entries = PINGER_BEHAVIORS.map((name) => {
    const make = (id: number) => icmpCheck(id, pinger.addresses[name], { interval: "2s" });
    return [name, make] as const;
  });
  const all = await verdicts(Object.fromEntries(entries), { prefix: near.prefix });
  return Object.fromEntries(
    PINGER_BEHAVIORS.map((name) => [
      name,
      (all[name] ?? "").replace(`ICMP echo to ${pinger.addresses[name]}: `, ""),
    ]),
  );
}

rootTest(
  "backend: icmp: the verdicts on a raw socket",
  ["ip", "nsenter"],
  async () => {
    await using link = await startLink();
    expect(await found(link)).toEqual(EXPECTED);
  },
  60_000,
);

rootTest(
  "backend: icmp: the verdicts on a ping socket",
  ["ip", "nsenter"],
  async () => {
    await using link = await startLink();
    link.near.run(["sh", "-c", "echo 0 0 > /proc/sys/net/ipv4/ping_group_range"]);
    expect(await found(link)).toEqual(EXPECTED);
  },
  60_000,
);

/** Runs checks of a healthy and of an unreachable host side by side, with a stop of the process between them. */
async function expectNoneTakenForAnother({ near, far }: Link): Promise<void> {
  await using pinger = await startRoguePinger(near, far);
  await using daemon = await startDaemon({ prefix: near.prefix });
  await using client = await connectClient(daemon.socketPath);
  const { healthy, unreachable } = pinger.addresses;
  // Alternating, so that each request is sent while errors of others arrive.
  const ids = times(2 * CROWD, (id) => ({ id, ip: id % 2 === 0 ? healthy : unreachable }));
  client.update(
    ids.map(({ id, ip }) => icmpCheck(id, ip, { interval: "50ms", timeout: "10s", fall: 1_000 })),
  );
  const enough = async (count: number) => {
    const statuses = [...(await requestStatus(client)).values()];
    const all =
      statuses.length === ids.length && statuses.every((one) => one.successes + one.failures >= count);
    return all ? statuses : undefined;
  };
  await until(() => enough(MIN_RESULTS), 20_000, "results of every check");
  daemon.signal("SIGSTOP");
  await Bun.sleep(1_500);
  daemon.signal("SIGCONT");
  const statuses = await until(() => enough(2 * MIN_RESULTS), 20_000, "more results of every check");
  const found = statuses.map(({ successes, failures, message }) =>
    [successes > 0 ? "successes" : "", failures > 0 ? "failures" : "", message].join(" ").trim(),
  );
  expect([...new Set(found)].sort()).toEqual([
    `failures L4CON ICMP echo to ${unreachable}: ICMP host unreachable`,
    `successes  L4OK ICMP echo to ${healthy}: answered`,
  ]);
}

rootTest(
  "backend: icmp: on a raw socket no answer or error is taken for another's, even when the process is stopped",
  ["ip", "nsenter"],
  async () => {
    await using link = await startLink();
    await expectNoneTakenForAnother(link);
  },
  60_000,
);

rootTest(
  "backend: icmp: the same on a ping socket, where an error of one request meets the send of another",
  ["ip", "nsenter"],
  async () => {
    await using link = await startLink();
    link.near.run(["sh", "-c", "echo 0 0 > /proc/sys/net/ipv4/ping_group_range"]);
    await expectNoneTakenForAnother(link);
  },
  60_000,
);
