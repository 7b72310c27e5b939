/** The environment variables that the program reads; a test holds the list against the sources. */

/** One of them. */
export interface Variable {
  readonly name: string;
  /** In a sentence or two, without markup. */
  readonly about: string;
}

/** In the order in which people need them. */
export const VARIABLES: readonly Variable[] = [
  {
    name: "HEALTHCHECK_CONFIG",
    about: "The configuration file, unless --config names one. A file that does not exist is skipped.",
  },
  {
    name: "HEALTHCHECK_LOG",
    about:
      "Minimum log level. Overrides the file; overridden by --log-level. Invalid values are ignored and logged.",
  },
  {
    name: "RUST_LOG",
    about:
      "The same, where HEALTHCHECK_LOG is not set: for units of the Rust server. The level of its directives for " +
      "healthcheck_server is used, else the general one. The rest has no effect.",
  },
  {
    name: "SSL_CERT_FILE",
    about:
      "A file of CA certificates (PEM) to trust instead of the host's. When it cannot be read, TLS checks that verify " +
      "are inconclusive.",
  },
  {
    name: "RES_OPTIONS",
    about: "Further options of resolv.conf(5), for DNS checks that use the system resolver.",
  },
  {
    name: "LOCALDOMAIN",
    about: "The search list instead of that of resolv.conf(5), for DNS checks that use the system resolver.",
  },
  { name: "HOME", about: "Where the user's own configuration file is searched for." },
  {
    name: "OTEL_SERVICE_NAME",
    about: "With telemetry.enabled: the service.name of the traces, unless the file sets it.",
  },
  {
    name: "OTEL_RESOURCE_ATTRIBUTES",
    about:
      "With telemetry.enabled: further resource attributes of the traces. The other OpenTelemetry variables, for the " +
      "collector, its headers and certificates, are in docs/opentelemetry.md.",
  },
  {
    name: "NOTIFY_SOCKET",
    about: "Set by systemd: the socket for readiness and status notifications.",
  },
  {
    name: "WATCHDOG_USEC",
    about:
      "Set by systemd (WatchdogSec=): it restarts the server after this many microseconds without a ping.",
  },
  { name: "WATCHDOG_PID", about: "Set by systemd: the process that its watchdog monitors." },
  {
    name: "JOURNAL_STREAM",
    about:
      "Set by systemd: when it names the stream that the log is written to, each line begins with its priority, `<3>` to `<7>`.",
  },
  {
    name: "RUNTIME_DIRECTORY",
    about:
      "Set by systemd (RuntimeDirectory=): the directory of the state file, unless server.state_file names another. Of several, which systemd sorts, the first.",
  },
  {
    name: "HEALTHCHECK_TEST_FAULT",
    about:
      "Makes a component fail on purpose, for tests of this program. The log warns about it. Leave it unset.",
  },
];
