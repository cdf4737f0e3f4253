import type { Primitive } from '../../engine/contract/wire-type.ts';

/** Keywords that are wire types by themselves. */
export const KEYWORDS: Record<string, Primitive | undefined> = {
  TSNumberKeyword: 'float64',
  TSStringKeyword: 'string',
  TSBooleanKeyword: 'boolean',
  TSNullKeyword: 'null',
  TSUnknownKeyword: 'unknown',
};

/** Kinds of types that do not travel, and what to write instead. */
export const REFUSED: Record<string, string | undefined> = {
  TSAnyKeyword: "'any' says nothing about what travels; write the type, or 'unknown'.",
  TSObjectKeyword: "'object' says nothing about what travels; write an interface, or 'unknown'.",
  TSBigIntKeyword: "'bigint' has no size; write int64 or uint64.",
  TSUndefinedKeyword:
    "'undefined' does not travel; make the member or parameter optional (name?: T), or write T | null.",
  TSVoidKeyword: "'void' is no value; it can only be what an operation returns.",
  TSNeverKeyword: "'never' has no values; leave the member out.",
  TSSymbolKeyword: 'Symbols do not travel; write a union of string literals.',
  TSFunctionType: 'Functions do not travel; pass a proxy, or declare an operation.',
  TSConstructorType: 'Classes do not travel; pass plain values.',
  TSTypeQuery: "'typeof' needs the compiler; write the type out.",
  TSIndexedAccessType: 'Indexed access needs the compiler; write the type out.',
  TSConditionalType: 'Conditional types need the compiler; write the type out.',
  TSMappedType: 'Mapped types need the compiler; write an interface, or Record<string, T>.',
  TSImportType: "Inline import types are not read; write 'import type { … } from …' at the top.",
  TSTemplateLiteralType: "Template literal types need the compiler; write 'string', or a union of literals.",
  TSThisType: "'this' is not a wire type; write the contract interface.",
  TSTypePredicate: "A type predicate is no value; write 'boolean'.",
  TSIntersectionType: 'Intersections are not read; write one interface that extends the others.',
};

/** Global names that do not travel. */
export const REFUSED_NAMES: Record<string, string | undefined> = {
  ...Object.fromEntries(
    [
      'Partial',
      'Required',
      'Pick',
      'Omit',
      'Exclude',
      'Extract',
      'NonNullable',
      'Awaited',
      'ReturnType',
      'Parameters',
    ].map((name) => [name, `${name}<…> needs the compiler; write the type out.`]),
  ),
  Promise: 'A promise does not travel; only an operation as a whole returns one.',
  Buffer: 'Bytes travel as Uint8Array.',
  ArrayBuffer: 'Bytes travel as Uint8Array.',
  Function: 'Functions do not travel; pass a proxy, or declare an operation.',
  Object: "'Object' says nothing about what travels; write an interface, or 'unknown'.",
  Error: 'Errors do not travel as values; throw a GameError, or write an interface.',
};
