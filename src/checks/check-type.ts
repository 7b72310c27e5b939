/**
 * Descriptor of a check type. The registry derives everything that depends on the type from it: CONFIG, its JSON Schema
 * and reference, the checker, `probe`, the API, spans and metrics.
 */
import type { CheckDefaults } from "../model/check-defaults.ts";
import type { Conclusive } from "../model/result.ts";
import type { AnyCheckSpec, SocketOptions } from "../model/spec.ts";
import type { Fields } from "../schema/field.ts";
import { FieldError } from "../schema/field-error.ts";
import { type FieldValues, objectReader } from "../schema/object.ts";
import type { FieldProblem } from "../schema/problem.ts";
import type { Checker, CheckerEnv } from "./checker.ts";
import type { ProbeCommand } from "./probe-command.ts";

/** Span attributes by their names in the OpenTelemetry semantic conventions, or `healthcheck.…` where those have none. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** The fields of a check, read; or every error in them. */
export type ReadCheck<Spec> =
  | { readonly ok: true; readonly spec: Spec }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/** Address that the packets of a check go to, and the options of their sockets. */
export interface Destination {
  readonly ip: string;
  /** Undefined for a protocol without ports. */
  readonly port: number | undefined;
  readonly socket: SocketOptions | undefined;
}

/** The parts of a check type that do not depend on the static type of its fields. */
interface CheckTypeParts<Spec extends AnyCheckSpec> {
  /** The value of `checker_type`, in lower case: `tcp`. Also the metric label and the `probe` subcommand. */
  readonly name: Spec["type"];
  /** The timeout of a healthcheck whose timeout is 0, in milliseconds. */
  readonly defaultTimeoutMs: number;
  /** Formats the target for logs, metrics and the API, without secrets: `tcp://10.0.0.1:80`. */
  formatTarget(spec: Spec): string;
  /** Builds the API's `config` object, without secrets; durations end in `_ms`. */
  view(spec: Spec): Readonly<Record<string, unknown>>;
  /** Returns the attributes of the target, for the span of a check. */
  attributes(spec: Spec): SpanAttributes;
  /** Returns `error.type` of a failed check, where that is not the code of the result. */
  errorType?(spec: Spec, result: Conclusive): string | undefined;
  /** Returns where the packets go; undefined when this host's own configuration decides, absent when they stay on this host. */
  destination?(spec: Spec): Destination | undefined;
  /** True when the data sent to the backend may hold a secret. */
  holdsSecrets(spec: Spec): boolean;
  /** True when the check asks the resolver of this host instead of a backend; false when absent. */
  usesSystemResolver?(spec: Spec): boolean;
  /** Makes a checker, with everything prepared that can be before a check is due. */
  create(spec: Spec, env: CheckerEnv): Checker;
  readonly probe: ProbeCommand;
}

/**
 * A check type. Methods, not function properties: a `CheckType<TcpSpec>` is then also a `CheckType`, which the registry calls only with specs
 * of that type.
 */
export interface CheckType<Spec extends AnyCheckSpec = AnyCheckSpec> extends CheckTypeParts<Spec> {
  /** The CONFIG fields of this type alone, with their documentation. */
  readonly fields: Fields;
  /**
   * Validates the fields of a CONFIG and reads them into a spec.
   *
   * @param config - the whole CONFIG; fields that are not of this type are ignored
   * @param defaults - of the server, for what the CONFIG leaves open
   */
  read(config: object, defaults: CheckDefaults): ReadCheck<Spec>;
}

/** The definition of a check type, with the static type of its fields. */
export interface CheckTypeDefinition<Spec extends AnyCheckSpec, Entries extends Fields>
  extends CheckTypeParts<Spec> {
  /** The CONFIG fields of this type alone, made by the builders of src/schema. */
  readonly fields: Entries;
  /** Names of fields whose keys may be secrets: an error in them is reported without its key. */
  isSecretKey?(field: string, key: string): boolean;
  /**
   * Turns valid fields into a spec: defaults that depend on other fields, and contradictions between fields.
   *
   * @throws FieldError
   */
  normalize(fields: FieldValues<Entries>, defaults: CheckDefaults): Spec;
}

/** Makes a check type from its definition. */
export function defineCheckType<Spec extends AnyCheckSpec, Entries extends Fields>(
  definition: CheckTypeDefinition<Spec, Entries>,
): CheckType<Spec> {
  const { isSecretKey = () => false } = definition;
  const readFields = objectReader(definition.fields);
  return {
    ...definition,
    read(config, defaults) {
      const read = readFields(config);
      if (!read.ok)
        return { ok: false, problems: read.problems.map((one) => withoutSecret(one, isSecretKey)) };
      try {
        return { ok: true, spec: definition.normalize(read.value, defaults) };
      } catch (error) {
        if (!(error instanceof FieldError)) throw error;
        return { ok: false, problems: [{ path: [error.field], message: error.message }] };
      }
    },
  };
}

/** Removes a key that may be a secret from the path of an error. */
function withoutSecret(
  { path, message }: FieldProblem,
  isSecretKey: (field: string, key: string) => boolean,
): FieldProblem {
  const [field, key] = path;
  const isHidden = field !== undefined && key !== undefined && isSecretKey(String(field), String(key));
  return { path: isHidden ? [field] : path, message };
}
