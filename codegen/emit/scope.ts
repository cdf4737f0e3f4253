import type { WireType, WireTypes } from '../../engine/contract/wire-type.ts';
import { type Sizes, sizesOf } from '../model/size.ts';
import { Code, Names, text } from './code.ts';

/** Everything of the engine that generated code may call. */
const DOOR = [
  'DEPTH_MAX',
  'MISMATCH',
  'OVERFLOW',
  'Proxy',
  'dateOf',
  'entriesOf',
  'invalid',
  'keysOf',
  'leftover',
  'put',
  'readBytes',
  'readCount',
  'readReference',
  'readString',
  'readUnknown',
  'reserve',
  'sizeOfMap',
  'sizeOfSet',
  'timeOf',
  'truncated',
  'valuesOf',
  'writeBytes',
  'writeCount',
  'writeReference',
  'writeString',
  'writeUnknown',
] as const;

export type DoorName = (typeof DOOR)[number];

/** Fixed-size types up to this size are written out where they are used, others get a function each. */
const INLINE_BYTES_MAX = 48;

/** What all functions of one generated module share: names, what is imported, tables of literals. */
export class ModuleScope {
  readonly types: WireTypes;
  readonly sizes: Sizes;
  readonly names = new Names();
  readonly used = new Set<DoorName>();
  /** Tables and functions for literal unions, written in front of everything that uses them. */
  readonly tables = new Code();
  readonly #literals = new Map<string, { list: string; index: string }>();
  readonly #functions = new Map<string, { encode: string; decode: string }>();

  constructor(types: WireTypes) {
    this.types = types;
    this.sizes = sizesOf(types);
    for (const name of [...DOOR, 'generated', 'out', 'input', 'sender', 'error', 'target', 'depth']) {
      this.names.unique(name);
    }
    for (const name of Object.keys(types)) {
      this.#functions.set(name, {
        encode: this.names.unique(`encode${name}`),
        decode: this.names.unique(`decode${name}`),
      });
    }
  }

  door(name: DoorName): DoorName {
    this.used.add(name);
    return name;
  }

  /** Names of the functions of a named type. */
  functions(name: string): { encode: string; decode: string } {
    return this.#functions.get(name)!;
  }

  /** A named type that is written out in place. */
  inlined(name: string): WireType | undefined {
    const type = this.types[name]!;
    const bytes = this.sizes.fixed(type);
    return bytes !== undefined && bytes <= INLINE_BYTES_MAX ? type : undefined;
  }

  isRecursive(name: string): boolean {
    const refersToItself = (type: WireType): boolean => {
      switch (type.kind) {
        case 'named':
          return type.recursive === true;
        case 'nullable':
        case 'array':
        case 'set':
        case 'record':
          return refersToItself(type.of);
        case 'map':
          return refersToItself(type.key) || refersToItself(type.value);
        case 'tuple':
          return type.items.some(refersToItself);
        case 'struct':
          return type.members.some((member) => refersToItself(member.type));
        case 'union':
          return type.variants.some((variant) => refersToItself(variant.type));
        default:
          return false;
      }
    };
    return refersToItself(this.types[name]!);
  }

  /** The table of a union of literals, and the function that finds a value's place in it. */
  literals(values: readonly (string | number | boolean)[], wish: string): { list: string; index: string } {
    const key = JSON.stringify(values);
    const known = this.#literals.get(key);
    if (known) return known;
    const list = this.names.unique(`${wish}Literals`);
    const index = this.names.unique(`${wish}Index`);
    this.#literals.set(key, { list, index });
    this.tables.line(`const ${list} = [${values.map(text).join(', ')}];`);
    this.tables.block(`function ${index}(value)`, () => {
      this.tables.block('switch (value)', () => {
        values.forEach((value, i) => {
          this.tables.line(`case ${text(value)}: return ${i};`);
        });
        this.tables.line(`default: throw ${this.door('MISMATCH')};`);
      });
    });
    return { list, index };
  }
}
