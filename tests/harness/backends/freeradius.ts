/** A real RADIUS server: FreeRADIUS in a temporary directory. Called by the tests of the radius checker. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../base/ports.ts";
import { makeTempDir } from "../base/tempdir.ts";
import { type RealServer, startServer } from "./real-server.ts";

/** Its only user. */
export const RADIUS_USER = { username: "alice", password: "wonderland-pw" };
/** The secret of all its clients. */
export const RADIUS_CLIENT_SECRET = "s3cret-of-the-client";
/** A user whose login takes another step. */
export const OTP_USER = "otp";
/** Clients by their source address. */
export const RADIUS_CLIENTS = {
  plain: "127.0.0.1",
  /** Its requests need Message-Authenticator. */
  strict: "127.0.0.2",
  /** Another secret. */
  other: "127.0.0.3",
  /** Not in the configuration. */
  unknown: "127.0.0.4",
} as const;

/** A running server; disposing ends it. */
export interface FreeRadius extends RealServer {
  readonly port: number;
}

/** Starts it. @throws Error with the server's log when it does not start */
export async function startFreeRadius(): Promise<FreeRadius> {
  const dir = makeTempDir("freeradius");
  const port = freePort();
  writeFileSync(join(dir.path, "radiusd.conf"), configText(dir.path, port));
  const server = await startServer({
    program: "freeradius",
    args: ["-f", "-l", "stdout", "-d", dir.path],
    dir,
    isReady: (log) => log.some((line) => line.includes("Ready to process requests")),
  });
  return { port, log: server.log, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

function clientText(name: string, ip: string, fields: string): string {
  return `client ${name} {
  ipaddr = ${ip}
  ${fields}
}
`;
}

function configText(dir: string, port: number): string {
  const secret = `secret = "${RADIUS_CLIENT_SECRET}"`;
  const { plain, strict, other } = RADIUS_CLIENTS;
  return `raddbdir = ${dir}
confdir = ${dir}
logdir = ${dir}
run_dir = ${dir}
db_dir = ${dir}
pidfile = ${dir}/pid
libdir = /usr/lib/freeradius
proxy_requests = no
log {
  destination = stdout
}
security {
  reject_delay = 0
  status_server = yes
  allow_vulnerable_openssl = yes
}
${clientText("plain", plain, `${secret}\n  require_message_authenticator = no`)}
${clientText("strict", strict, `${secret}\n  require_message_authenticator = yes`)}
${clientText("other", other, 'secret = "another-secret"')}
thread pool {
  start_servers = 1
  max_servers = 1
  min_spare_servers = 1
  max_spare_servers = 1
}
modules {
  always handled {
    rcode = handled
  }
  pap {
  }
}
server default {
  listen {
    type = auth
    ipaddr = 127.0.0.1
    port = ${port}
  }
  authorize {
    if (&User-Name == "${OTP_USER}") {
      update control { &Response-Packet-Type := Access-Challenge }
      update reply { &Reply-Message := "Enter the code" }
      handled
    }
    if (&User-Name == "${RADIUS_USER.username}") {
      update control { &Cleartext-Password := "${RADIUS_USER.password}" }
    }
    pap
  }
  authenticate {
    Auth-Type PAP {
      pap
    }
  }
  post-auth {
    Post-Auth-Type REJECT {
      update reply { &Reply-Message := "No such login as %{User-Password}" }
    }
  }
}
`;
}
