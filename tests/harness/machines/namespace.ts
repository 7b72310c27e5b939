/**
 * A process with mounts or a network of its own, for tests that need a file of the system, or its network, to be another one. Called by
 * the tests of the daemon's defaults, of the system's resolver and of faults of the host; needs root.
 */

/** True when this process may create a mount namespace. */
export function canUnshare(): boolean {
  if (Bun.which("unshare") === null) return false;
  return Bun.spawnSync(["unshare", "-m", "true"], { stdout: "ignore", stderr: "ignore" }).success;
}

/**
 * A prefix for a command: makes a mount namespace, mounts, and becomes the command.
 * @param mounts a shell command that does the mounting
 */
export function inMountNamespace(mounts: string): string[] {
  return ["unshare", "-m", "sh", "-c", `${mounts} && exec "$0" "$@"`];
}

/** Same for a private network: only loopback, and the given number of local ports for outgoing connections. */
export function inOwnNetwork(localPorts: number): string[] {
  const range = `61000 ${61_000 + localPorts - 1}`;
  const settings = `echo "${range}" > /proc/sys/net/ipv4/ip_local_port_range`;
  return ["unshare", "-n", "sh", "-c", `ip link set lo up && ${settings} && exec "$0" "$@"`];
}

/** The same for the network of a process that has its own. */
export function inNetworkOf(pid: number): string[] {
  return ["nsenter", `--net=/proc/${pid}/ns/net`, "--"];
}
