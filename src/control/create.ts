/** Chooses the control plane. A new one is a file beside this one and a line here. */
import { ChecksFileControl } from "./checks-file-source.ts";
import type { ControlPlane, ControlPlaneContext } from "./control-plane.ts";
import { EngineControl } from "./engine.ts";
import { ProxySocketControl } from "./proxy-socket.ts";

/** Creates the control plane that the command line asks for; not started yet. */
export function createControlPlane(context: ControlPlaneContext): ControlPlane {
  const { checksFile, config } = context;
  if (checksFile !== undefined) return new ChecksFileControl(checksFile, context);
  if (config.server.control === "engine") return new EngineControl(config.server.engine_socket, context);
  return new ProxySocketControl(context);
}
