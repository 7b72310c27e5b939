/** Healthchecks of the Go engine, and the states that it has received. Called by the tests of the executable with the engine. */
import type { EngineCheck, EngineStatus, GoEngine } from "./goengine.ts";

/** Configuration text that makes the engine the control plane. */
export function engineConfig(socket: string): string {
  return `server: { control: engine, engine_socket: ${JSON.stringify(socket)} }\n`;
}

/** Makes a TCP healthcheck of 127.0.0.1. @param changes - fields of Config @param target - fields of the checker */
export function engineTcp(
  id: number,
  port: number,
  changes: Partial<EngineCheck> = {},
  target: object = {},
): EngineCheck {
  return {
    id: String(id),
    interval_ns: 1e9,
    timeout_ns: 5e8,
    type: "TCPChecker",
    checker: { IP: "127.0.0.1", Port: port, Proto: 6, ...target },
    ...changes,
  };
}

/** Returns the newest status that the engine has received of each healthcheck. */
export function newestStatuses(engine: GoEngine): Map<string, EngineStatus> {
  return new Map(
    engine.events.flatMap(({ notifications = [] }) => notifications.map((one) => [one.id, one])),
  );
}

/** Returns the newest state that the engine has received of each healthcheck. */
export function newestStates(engine: GoEngine): Record<string, number> {
  return Object.fromEntries([...newestStatuses(engine)].map(([id, { state }]) => [id, state]));
}
