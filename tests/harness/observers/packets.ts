/** The TCP packets on a cable, as the kernel hands them to the interface. Called by the tests of what a check sends; needs root. */
import { join } from "node:path";
import { readLines, stopProcess } from "../base/process.ts";
import { until } from "../base/wait.ts";
import type { End } from "../machines/link.ts";

/** One TCP segment. */
export interface Packet {
  /** Address of its sender. */
  readonly from: string;
  readonly sourcePort: number;
  readonly targetPort: number;
  /** Letters of its flags, in the order SFRPA. */
  readonly flags: string;
  readonly sequence: number;
  /** Bytes of data. */
  readonly bytes: number;
}

/** A running capture; disposing ends it. */
export interface Capture extends AsyncDisposable {
  /** All packets so far, in the order of the wire. */
  readonly packets: readonly Packet[];
  /** Returns the packets of the connections to a port, connection by connection: `["S", "SA", "RA"]`, data as `PA+12`. */
  connections(port: number): string[][];
}

/** Starts to capture at one end of a cable. @throws Error when it does not start within 10 s */
export async function startCapture({ prefix }: End): Promise<Capture> {
  const script = join(import.meta.dir, "packets-process.ts");
  const child = Bun.spawn([...prefix, process.execPath, script], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const packets: Packet[] = [];
  let capturing = false;
  const reading = readLines(child.stdout, (line) => {
    // The cast names what our own program writes.
    if (line !== "") packets.push(JSON.parse(line) as Packet);
    capturing = true;
  });
  const stop = async () => {
    await stopProcess(child);
    await reading;
  };
  try {
    await until(() => capturing, 10_000, "the capture to start");
  } catch (error) {
    await stop();
    throw error;
  }
  return { packets, connections: (port) => connections(packets, port), [Symbol.asyncDispose]: stop };
}

function connections(packets: readonly Packet[], port: number): string[][] {
  const byPort = new Map<number, string[]>();
  for (const { sourcePort, targetPort, flags, bytes } of packets) {
    if (sourcePort !== port && targetPort !== port) continue;
    const own = sourcePort === port ? targetPort : sourcePort;
    const list = byPort.get(own) ?? [];
    list.push(bytes === 0 ? flags : `${flags}+${bytes}`);
    byPort.set(own, list);
  }
  return [...byPort.values()];
}
