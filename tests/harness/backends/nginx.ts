/**
 * A real web server: nginx with a prefix of its own in a temporary directory. Called by the tests of the
 * HTTP and TLS checkers.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { peerPath } from "../base/peers.ts";
import { accepts, freePort } from "../base/ports.ts";
import { stopProcess } from "../base/process.ts";
import { makeTempDir } from "../base/tempdir.ts";
import { until } from "../base/wait.ts";

/** Content that nginx serves. */
export interface NginxOptions {
  /** With it, a second port speaks TLS with this certificate. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** `location` blocks that take the place of {@link DEFAULT_LOCATIONS}. */
  readonly locations?: string;
}

/** A running nginx on 127.0.0.1; disposing ends it and removes its directory. */
export interface Nginx extends AsyncDisposable {
  readonly httpPort: number;
  /** Only with `tls`. */
  readonly httpsPort?: number;
  readonly baseDir: string;
  /** The requests so far: `host=… request="…" status=… agent="…" sni=… x_check=…`, one a line. */
  accessLog(): string[];
}

/** Default content. */
export const DEFAULT_LOCATIONS = `
    location = /healthz { return 200 "ok\\n"; }
    location = /fail { return 503 "failing\\n"; }
    location = /redirect { return 302 /healthz; }
    location = /host { return 200 "$host\\n"; }
    location = /headers { return 200 "user-agent=$http_user_agent x-check=$http_x_check\\n"; }
`;

/**
 * Starts nginx in the foreground and waits until it accepts.
 * @throws Error with nginx's own error log when it does not start
 */
export async function startNginx(options: NginxOptions = {}): Promise<Nginx> {
  const dir = makeTempDir("nginx");
  const httpPort = freePort();
  const httpsPort = options.tls === undefined ? undefined : freePort();
  const errorLog = join(dir.path, "error.log");
  writeFileSync(join(dir.path, "nginx.conf"), configText(dir.path, options, httpPort, httpsPort));
  const child = Bun.spawn(
    [peerPath("nginx"), "-p", dir.path, "-c", join(dir.path, "nginx.conf"), "-e", errorLog],
    { cwd: dir.path, stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  );
  const stop = async () => {
    await stopProcess(child);
    dir.remove();
  };
  try {
    await until(() => child.exitCode !== null || accepts("127.0.0.1", httpPort), 10_000, "nginx to accept");
    if (child.exitCode !== null) throw new Error(`nginx did not start: ${textOf(errorLog)}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    httpPort,
    ...(httpsPort === undefined ? {} : { httpsPort }),
    baseDir: dir.path,
    accessLog: () => textOf(join(dir.path, "access.log")).split("\n").filter(Boolean),
    [Symbol.asyncDispose]: stop,
  };
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

function configText(dir: string, options: NginxOptions, httpPort: number, httpsPort?: number): string {
  const { tls, locations = DEFAULT_LOCATIONS } = options;
  const secure =
    tls === undefined || httpsPort === undefined
      ? ""
      : `listen 127.0.0.1:${httpsPort} ssl;
    ssl_certificate ${tls.certFile};
    ssl_certificate_key ${tls.keyFile};`;
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${dir}/${kind};`)
    .join("\n  ");
  return `daemon off;
${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes 1;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log info;
events { worker_connections 1024; }
http {
  ${temporary}
  default_type text/plain;
  log_format check 'host=$host request="$request" status=$status agent="$http_user_agent" '
                   'sni=$ssl_server_name x_check=$http_x_check';
  access_log ${dir}/access.log check;
  server {
    listen 127.0.0.1:${httpPort};
    ${secure}
    server_name _;
    ${locations}
  }
}
`;
}
