/**
 * Connects to ports of the ephemeral range on which nothing listens, at every address of this host, and counts the outcomes: first with
 * plain sockets, which shows that connections that meet themselves do occur here, then with the dialer. Started in a network of its own
 * with a narrow range. Arguments: connects, first port, number of ports, addresses. Writes the counts as a line of JSON.
 */

import { Descriptors } from "../../../src/system/descriptors.ts";
import { LibcDialer } from "../../../src/system/dialer.ts";
import { ECONNREFUSED } from "../../../src/system/errno.ts";
import { sockAddr } from "../../../src/system/sockaddr.ts";
import { closeFd, connectTcp, TCP_STATE, tcpInfo } from "../base/libc.ts";

const [connects = "0", firstPort = "0", ports = "0", ...addresses] = process.argv.slice(2);
/** Fewer than there are ports, so that none is missing. */
const AT_A_TIME = 16;
const PLAIN = 5_000;

const port = (index: number) => Number(firstPort) + (index % Number(ports));
const targets = addresses.flatMap((ip) =>
  Array.from({ length: Number(ports) }, (_, index) => sockAddr({ ip, port: port(index) })),
);

/** Connections of plain sockets that are open although nothing listens. */
function plainlyOpen(): number {
  let open = 0;
  for (let index = 0; index < PLAIN; index++) {
    const fd = connectTcp("127.0.0.1", port(index));
    if (tcpInfo(fd).state === TCP_STATE.established) open++;
    closeFd(fd);
  }
  return open;
}

const counts = { plain: 0, connected: 0, refused: 0, others: 0 };
const dialer = new LibcDialer(new Descriptors(1_000), (error) => {
  throw error;
});
let outstanding = 0;
const owner = {
  connected: (dial: Parameters<typeof dialer.close>[0]) => {
    counts.connected++;
    outstanding--;
    dialer.close(dial, "reset");
  },
  failed: (number: number) => {
    if (number === ECONNREFUSED) counts.refused++;
    else counts.others++;
    outstanding--;
  },
};
counts.plain = plainlyOpen();
for (let done = 0; done < Number(connects); ) {
  for (; outstanding < AT_A_TIME && done < Number(connects); done++) {
    const target = targets[done % targets.length];
    if (target === undefined) throw new Error("no targets");
    outstanding++;
    dialer.dial(target, owner);
  }
  while (outstanding > 0) {
    dialer.poll();
    if (outstanding > 0) await Bun.sleep(0);
  }
}
process.stdout.write(`${JSON.stringify(counts)}\n`);
process.exit(0);
