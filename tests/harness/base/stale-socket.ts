/** Makes a Unix socket that no process listens on, as a killed server leaves it. Called by the tests of the socket's path. */

/** Leaves a stale socket at a path, which must be free. */
export async function leaveStaleSocket(path: string): Promise<void> {
  const script = `Bun.listen({ unix: ${JSON.stringify(path)}, socket: { data() {} } }); process.kill(process.pid, "SIGKILL");`;
  await Bun.spawn([process.execPath, "-e", script]).exited;
}
