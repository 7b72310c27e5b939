/** The executables for other machines, run here: struct layouts and the C library are theirs. Run by `bun test`. */
// alone: its files share one release
import { expect } from "bun:test";
import { acceptAll, closedPort } from "../harness/backends/backends.ts";
import { makeCa } from "../harness/backends/certs.ts";
import { ANSWER, startConstantNameserver } from "../harness/backends/constant-nameserver.ts";
import { hasPeer, testUnless } from "../harness/base/peers.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { dnsCheck, httpCheck, tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { firstStates } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { arm64, type ForeignMachine, x64Musl } from "./foreign-machine.ts";

const LIMIT_MS = 60_000;
/** An emulated machine is slow. */
const PATIENT = { interval: "1s", timeout: "10s" };

function foreignTest(machine: ForeignMachine, version: RegExp): void {
  const openssl = hasPeer("openssl") ? [] : [{ name: "openssl", words: "openssl is not installed" }];
  testUnless(
    `${machine.target.name}: the executable runs, and checks over TCP, HTTP, HTTPS and DNS are right`,
    [...machine.absent, ...openssl],
    async () => {
      await using dir = makeTempDir("foreign");
      const executable = await machine.build(dir.path);
      expect(Bun.spawnSync([...executable, "--version"], { cwd: "/" }).stdout.toString()).toMatch(version);

      await using ca = await makeCa();
      const cert = ca.issue({ name: "good.test", sans: ["DNS:good.test"] });
      await using up = acceptAll();
      await using down = closedPort();
      const answer = () => new Response("ok");
      const http = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer });
      const tls = { cert: Bun.file(cert.certFile), key: Bun.file(cert.keyFile) };
      const https = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer, tls });
      await using dns = await startConstantNameserver();
      const at = (port: number | undefined) => ({ hostname: "127.0.0.1", port: port ?? 0 });
      const verified = { ...PATIENT, secure: true, tls_verify: true };

      await using daemon = await startDaemon({ executable, env: { SSL_CERT_FILE: ca.caFile } });
      await using client = await connectClient(daemon.socketPath);
      client.update([
        tcpCheck(1, up, PATIENT),
        tcpCheck(2, down, PATIENT),
        httpCheck(3, at(http.port), { ...PATIENT, expected_codes: [200] }),
        httpCheck(4, at(https.port), { ...verified, expected_codes: [200], server_name: "good.test" }),
        httpCheck(5, at(https.port), { ...verified, expected_codes: [200], server_name: "bad.test" }),
        dnsCheck(6, "www.example.test", {
          ...PATIENT,
          ...at(dns.port),
          ip: "127.0.0.1",
          expected_ips: [ANSWER],
        }),
      ]);
      expect(await firstStates(client, [1, 2, 3, 4, 5, 6], 30_000)).toEqual([
        "healthy",
        "unhealthy",
        "healthy",
        "healthy",
        "unhealthy",
        "healthy",
      ]);
      expect(client.latest.get("2")?.message).toContain("connection refused");
      daemon.signal("SIGTERM");
      expect(await daemon.exited).toBe(0);
      await Promise.all([http.stop(true), https.stop(true)]);
    },
    LIMIT_MS,
  );
}

foreignTest(arm64(), /linux-arm64\)/);
foreignTest(x64Musl(), /linux-x64\)/);
