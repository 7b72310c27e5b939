/** The types that gob values have, and the predefined ones among them. */

/** A type without parts. */
export interface GobBasicType {
  readonly kind: "bool" | "int" | "uint" | "float" | "bytes" | "string" | "complex" | "interface" | "opaque";
}
/** A struct type. */
export interface GobStructType {
  readonly kind: "struct";
  /** Empty for a type that Go reaches through a pointer. */
  readonly name: string;
  readonly fields: readonly { readonly name: string; readonly id: number }[];
  /** Positions of the fields by name. */
  readonly positions: ReadonlyMap<string, number>;
}
/** A slice or array. */
export interface GobListType {
  readonly kind: "list";
  readonly element: number;
  /** Number of elements of an array; undefined for a slice. */
  readonly length: number | undefined;
}
/** A map. */
export interface GobMapType {
  readonly kind: "map";
  readonly key: number;
  readonly element: number;
}
/** A type; its parts are ids, since a type may be used before they are defined. */
export type GobType = GobBasicType | GobStructType | GobListType | GobMapType;

const [BOOL, INT, UINT, FLOAT, BYTES, STRING, COMPLEX, INTERFACE] = [1, 2, 3, 4, 5, 6, 7, 8];
const [
  WIRE_TYPE,
  ARRAY_TYPE,
  COMMON_TYPE,
  SLICE_TYPE,
  STRUCT_TYPE,
  FIELD_TYPE,
  FIELD_LIST,
  MAP_TYPE,
  OPAQUE_TYPE,
] = [16, 17, 18, 19, 20, 21, 22, 23, 24];

/** The struct `wireType`, whose values define types. */
export const DEFINITION_TYPE = structType("wireType", [
  ["ArrayT", ARRAY_TYPE],
  ["SliceT", SLICE_TYPE],
  ["StructT", STRUCT_TYPE],
  ["MapT", MAP_TYPE],
  ["GobEncoderT", OPAQUE_TYPE],
  ["BinaryMarshalerT", OPAQUE_TYPE],
  ["TextMarshalerT", OPAQUE_TYPE],
]);
/** The predefined types by their ids. */
export const PREDEFINED_TYPES: readonly (readonly [id: number, type: GobType])[] = [
  [BOOL, { kind: "bool" }],
  [INT, { kind: "int" }],
  [UINT, { kind: "uint" }],
  [FLOAT, { kind: "float" }],
  [BYTES, { kind: "bytes" }],
  [STRING, { kind: "string" }],
  [COMPLEX, { kind: "complex" }],
  [INTERFACE, { kind: "interface" }],
  [WIRE_TYPE, DEFINITION_TYPE],
  [
    ARRAY_TYPE,
    structType("arrayType", [
      ["CommonType", COMMON_TYPE],
      ["Elem", INT],
      ["Len", INT],
    ]),
  ],
  [
    COMMON_TYPE,
    structType("CommonType", [
      ["Name", STRING],
      ["Id", INT],
    ]),
  ],
  [
    SLICE_TYPE,
    structType("sliceType", [
      ["CommonType", COMMON_TYPE],
      ["Elem", INT],
    ]),
  ],
  [
    STRUCT_TYPE,
    structType("structType", [
      ["CommonType", COMMON_TYPE],
      ["Field", FIELD_LIST],
    ]),
  ],
  [
    FIELD_TYPE,
    structType("fieldType", [
      ["Name", STRING],
      ["Id", INT],
    ]),
  ],
  [FIELD_LIST, { kind: "list", element: FIELD_TYPE, length: undefined }],
  [
    MAP_TYPE,
    structType("mapType", [
      ["CommonType", COMMON_TYPE],
      ["Key", INT],
      ["Elem", INT],
    ]),
  ],
  // Reserved in gob, where this struct has no id of its own: no definition may refer to it.
  [OPAQUE_TYPE, structType("gobEncoderType", [["CommonType", COMMON_TYPE]])],
];

/** Makes a struct type. */
export function structType(
  name: string,
  fields: readonly (readonly [name: string, id: number])[],
): GobStructType {
  return {
    kind: "struct",
    name,
    fields: fields.map(([name, id]) => ({ name, id })),
    positions: new Map(fields.map(([name], position) => [name, position])),
  };
}
