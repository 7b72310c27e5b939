/** The examples that `--help` ends with. */

/** Examples of the program. */
export const PROGRAM_EXAMPLES = `
Examples:
  $ healthcheck-server                                   serve, with the configuration of this host
  $ healthcheck-server --config /etc/seesaw/other.yaml --log-level debug
  $ healthcheck-server --engine                          run the healthchecks of the Seesaw engine
  $ healthcheck-server run --checks checks.yaml          run standalone
  $ healthcheck-server check-config --print
  $ healthcheck-server probe http http://10.0.0.1/healthz --expect 200
  $ healthcheck-server status                            ask the running server
  $ healthcheck-server explain 42`;

/** Examples of `run`. */
export const RUN_EXAMPLES = `
Examples:
  $ healthcheck-server run
  $ healthcheck-server run --config ./healthcheck-server.yaml --strict-config
  $ healthcheck-server run --checks checks.yaml --log-format json
  $ healthcheck-server run --engine /run/seesaw/engine/engine.sock

SIGHUP reloads the configuration (and the checks file); SIGTERM and SIGINT stop the server gracefully.`;

/** Examples of `check-config`. */
export const CHECK_CONFIG_EXAMPLES = `
Examples:
  $ healthcheck-server check-config
  $ healthcheck-server check-config /etc/seesaw/healthcheck-server.yaml --print
  $ healthcheck-server check-config --strict-config checks.yaml`;

/** Examples of `status`. */
export const STATUS_EXAMPLES = `
Examples:
  $ healthcheck-server status
  $ healthcheck-server status --addr 127.0.0.1:9090 --json`;

/** Examples of `explain`. */
export const EXPLAIN_EXAMPLES = `
Examples:
  $ healthcheck-server explain 13758215386640154624`;

/** Examples of `completion`. */
export const COMPLETION_EXAMPLES = `
Examples:
  $ source <(healthcheck-server completion bash)         for this shell
  $ healthcheck-server completion bash > /usr/share/bash-completion/completions/healthcheck-server
  $ healthcheck-server completion zsh > /usr/local/share/zsh/site-functions/_healthcheck-server
  $ healthcheck-server completion fish > /etc/fish/completions/healthcheck-server.fish`;

/** Examples of `force`. */
export const FORCE_EXAMPLES = `
Examples:
  $ healthcheck-server force 42 unhealthy --for 30m --reason "drained for a kernel upgrade"
  $ healthcheck-server force --target 10.0.3.0/24:443 healthy --for 1h --reason "certificate of the probes expired"
  $ healthcheck-server force --all unhealthy --for 10m --reason "site failover test"`;

/** Examples of `pause`. */
export const PAUSE_EXAMPLES = `
Examples:
  $ healthcheck-server pause --target 10.0.3.7 --for 15m --reason "the firewall counts our checks"`;

/** Examples of `release`. */
export const RELEASE_EXAMPLES = `
Examples:
  $ healthcheck-server release 42
  $ healthcheck-server release --all`;

/** Examples of `overrides`. */
export const OVERRIDES_EXAMPLES = `
Examples:
  $ healthcheck-server overrides
  $ healthcheck-server overrides --json`;
