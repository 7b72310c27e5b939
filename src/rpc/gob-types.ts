/** Types of a gob stream: the predefined ones, and those that its sender defines. Their ids are private to the sender. */
import { formatCount } from "../model/printable.ts";
import { ReadProblem, showName } from "./gob-error.ts";
import {
  DEFINITION_TYPE,
  type GobStructType,
  type GobType,
  PREDEFINED_TYPES,
  structType,
} from "./gob-type.ts";
import { GobStruct, type GobValue } from "./gob-values.ts";

/** Maximum number of types that a stream defines; the engine needs 14. */
export const MAX_TYPES = 512;
/** Maximum number of fields of a struct. */
export const MAX_FIELDS = 256;
/** Maximum length of the name of a type or field, in bytes. */
const MAX_NAME_BYTES = 1_024;
/** Predefined types of values have ids from 1 to this. */
const MAX_BASIC_ID = 8;
/** Predefined types from here to the second describe definitions; values do not have them. */
const [MIN_DEFINITION_ID, MAX_DEFINITION_ID] = [16, 24];
/** Ids below are predefined or reserved. */
const MIN_OWN_ID = 64;

/** The types of one stream. */
export class GobTypes {
  readonly #types = new Map<number, GobType>(PREDEFINED_TYPES);
  /** Results of {@link isContained} since the last definition. */
  readonly #contained = new Map<number, boolean>();

  /** The predefined struct `wireType`, whose values define types. */
  readonly definitionType = DEFINITION_TYPE;

  /** Returns the type of an id. @throws ReadProblem when it is not defined */
  get(id: number): GobType {
    const type = this.#types.get(id);
    if (type === undefined) throw new ReadProblem(`type ${id} is not defined`);
    return type;
  }

  /** Returns the type of a value of its own. @throws ReadProblem when it is not defined, or describes definitions */
  getOfValue(id: number): GobType {
    checkReference(id);
    return this.get(id);
  }

  /**
   * Defines a type.
   *
   * @param id - as the sender numbers it
   * @param definition - a value of the predefined struct `wireType`
   * @throws ReadProblem when it is not valid or exceeds a limit
   */
  define(id: number, definition: GobValue): void {
    if (id < MIN_OWN_ID) throw new ReadProblem(`type ${id} is predefined`);
    if (this.#types.has(id)) throw new ReadProblem(`type ${id} is defined twice`);
    if (this.#types.size - PREDEFINED_TYPES.length >= MAX_TYPES)
      throw new ReadProblem(`more than ${MAX_TYPES} types are defined`);
    this.#types.set(id, typeOf(id, definition));
    this.#contained.clear();
  }

  /**
   * True when no value of a type can hold an interface. Only such values lie in one message. Types that are not defined yet count as
   * interfaces.
   */
  isContained(id: number): boolean {
    const known = this.#contained.get(id) ?? this.#findContained(id);
    this.#contained.set(id, known);
    return known;
  }

  #findContained(id: number): boolean {
    const seen = new Set<number>();
    const open = [id];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      const type = this.#types.get(next);
      if (type === undefined || type.kind === "interface") return false;
      open.push(...partsOf(type));
    }
    return true;
  }
}

function partsOf(type: GobType): readonly number[] {
  if (type.kind === "struct") return type.fields.map(({ id }) => id);
  if (type.kind === "map") return [type.key, type.element];
  return type.kind === "list" ? [type.element] : [];
}

function typeOf(id: number, definition: GobValue): GobType {
  const members =
    definition instanceof GobStruct
      ? definition.values.flatMap((value, position) =>
          value instanceof GobStruct ? [{ kind: definition.type.fields[position]?.name, value }] : [],
        )
      : [];
  const [member] = members;
  if (member === undefined || members.length !== 1)
    throw new ReadProblem(`the definition of type ${id} has ${members.length} kinds; must have one`);
  const { kind, value } = member;
  switch (kind) {
    case "ArrayT":
      return { kind: "list", element: reference(value, "Elem"), length: arrayLength(value) };
    case "SliceT":
      return { kind: "list", element: reference(value, "Elem"), length: undefined };
    case "MapT":
      return { kind: "map", key: reference(value, "Key"), element: reference(value, "Elem") };
    case "StructT":
      return definedStruct(value);
    default:
      return { kind: "opaque" };
  }
}

function definedStruct(definition: GobStruct): GobStructType {
  const common = definition.get("CommonType");
  const fields = definition.get("Field") ?? [];
  const found = Array.isArray(fields) ? fields.filter((field) => field instanceof GobStruct) : [];
  if (found.length > MAX_FIELDS)
    throw new ReadProblem(
      `a struct has ${formatCount(found.length)} fields; must have at most ${MAX_FIELDS}`,
    );
  const type = structType(
    common instanceof GobStruct ? name(common) : "",
    found.map((field) => [name(field), reference(field, "Id")] as const),
  );
  if (type.positions.size !== type.fields.length)
    throw new ReadProblem(`two fields of the struct ${showName(type.name)} have the same name`);
  return type;
}

function name(struct: GobStruct): string {
  const bytes = struct.get("Name");
  if (!(bytes instanceof Uint8Array)) return "";
  if (bytes.length > MAX_NAME_BYTES)
    throw new ReadProblem(
      `a name has ${formatCount(bytes.length)} bytes; must have at most ${MAX_NAME_BYTES}`,
    );
  return Buffer.from(bytes).toString("utf8");
}

function arrayLength(definition: GobStruct): number {
  const length = definition.get("Len") ?? 0n;
  if (typeof length !== "bigint" || length < 0n || length > BigInt(Number.MAX_SAFE_INTEGER))
    throw new ReadProblem("the length of an array type is out of range");
  return Number(length);
}

function reference(definition: GobStruct, field: string): number {
  const id = definition.get(field) ?? 0n;
  if (typeof id !== "bigint" || id > 2n ** 31n) throw new ReadProblem("the id of a type is out of range");
  return checkReference(Number(id));
}

function checkReference(id: number): number {
  if ((id >= 1 && id <= MAX_BASIC_ID) || id >= MIN_OWN_ID) return id;
  throw new ReadProblem(
    id >= MIN_DEFINITION_ID && id <= MAX_DEFINITION_ID
      ? `type ${id} describes definitions; must be the type of a value`
      : `type ${id} does not exist`,
  );
}
