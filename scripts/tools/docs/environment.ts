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
    about: "The configuration file, unless --config names one. A file that does not exist is passed over.",
  },
  {
    name: "HEALTHCHECK_LOG",
    about:
      "The least grave level that is logged. Wins over the file; --log-level wins over it. What is no level has no " +
      "effect, and the log says so.",
  },
  {
    name: "RUST_LOG",
    about:
      "Likewise, where HEALTHCHECK_LOG is not set: for units of the original server. The level of its directives for " +
      "healthcheck_server is taken, else the general one. The rest has no effect.",
  },
  {
    name: "SSL_CERT_FILE",
    about:
      "A file of certificate authorities (PEM) to trust in place of the host's. When it cannot be read, nobody is " +
      "trusted, and TLS checks that verify are inconclusive.",
  },
  {
    name: "RES_OPTIONS",
    about: "Further options of resolv.conf(5), for DNS checks that ask the system's resolver.",
  },
  {
    name: "LOCALDOMAIN",
    about:
      "The search list in place of that of resolv.conf(5), for DNS checks that ask the system's resolver.",
  },
  { name: "HOME", about: "Where the user's own configuration file is looked for." },
  {
    name: "OTEL_SERVICE_NAME",
    about: "With telemetry.enabled: the service.name of the traces, where the file does not name it.",
  },
  {
    name: "OTEL_RESOURCE_ATTRIBUTES",
    about:
      "With telemetry.enabled: what else the traces say of this process. Further variables of OpenTelemetry, for the " +
      "collector, its headers and certificates, are in docs/opentelemetry.md.",
  },
  {
    name: "NOTIFY_SOCKET",
    about: "Set by systemd: where it is told how the server stands. Leave it to systemd.",
  },
  {
    name: "WATCHDOG_USEC",
    about:
      "Set by systemd (WatchdogSec=): so many microseconds without a word, and the server is started anew.",
  },
  { name: "WATCHDOG_PID", about: "Set by systemd: the process that its watchdog waits for." },
  {
    name: "JOURNAL_STREAM",
    about:
      "Set by systemd: when it names the stream that the log goes to, each line begins with its priority, `<3>` to `<7>`.",
  },
  {
    name: "HEALTHCHECK_TEST_FAULT",
    about: "Makes a part fail on purpose, for tests of this program. The log warns of it. Leave it unset.",
  },
];
