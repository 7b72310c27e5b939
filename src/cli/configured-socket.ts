/**
 * The control socket that the server's configuration file names. No other key is read: a file that has become invalid since the server
 * started must not keep an operator from it.
 */
import { socketPathOrNone } from "../config/address-values.ts";
import { findConfigFile } from "../config/places.ts";
import { readYaml } from "../config/yaml.ts";
import { readValue } from "../schema/object.ts";
import { systemReason } from "../system/system-reason.ts";
import { MAX_YAML_BYTES, readTextFile } from "../system/text-file.ts";
import { RemoteError } from "./remote-error.ts";
import type { Environment } from "./settings.ts";

/**
 * Returns the path of the control socket.
 *
 * @param named - the file that the command line names; undefined for the one that the server would find
 * @throws RemoteError when no file can be read, it is not YAML, or it names no control socket
 */
export function configuredSocket(named: string | undefined, env: Environment): string {
  const file = findConfigFile(named, env);
  if (file === undefined)
    throw new RemoteError("no readable configuration file found; name the control socket with --socket");
  const read = readYaml(readFile(file), "configuration");
  if ("faults" in read) throw new RemoteError(`${file} is not valid YAML; run check-config, or use --socket`);
  const written = valueIn(valueIn(read.file.value, "server"), "control_socket");
  if (written === undefined || written === null || written === "")
    throw new RemoteError(`server.control_socket is not set in ${file}: the server takes no commands`);
  const path = readValue(socketPathOrNone, written);
  if (!path.ok)
    throw new RemoteError(`server.control_socket is not valid in ${file}; run check-config, or use --socket`);
  return path.value;
}

function valueIn(section: unknown, key: string): unknown {
  return typeof section === "object" && section !== null ? Reflect.get(section, key) : undefined;
}

function readFile(file: string): string {
  try {
    return readTextFile(file, MAX_YAML_BYTES);
  } catch (error) {
    throw new RemoteError(`cannot read ${file}: ${systemReason(error)}; use --socket`, { cause: error });
  }
}
