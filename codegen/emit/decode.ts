import type { Member, WireType } from '../../engine/contract/wire-type.ts';
import { bitmapBytes, indexBytes } from '../model/size.ts';
import { access, type Code, isVariable, key, type Names, text } from './code.ts';
import { plus } from './encode.ts';
import type { ModuleScope } from './scope.ts';

const NUMBERS: Record<string, { bytes: number; get: string }> = {
  int8: { bytes: 1, get: 'getInt8' },
  int16: { bytes: 2, get: 'getInt16' },
  int32: { bytes: 4, get: 'getInt32' },
  uint8: { bytes: 1, get: 'getUint8' },
  uint16: { bytes: 2, get: 'getUint16' },
  uint32: { bytes: 4, get: 'getUint32' },
  float32: { bytes: 4, get: 'getFloat32' },
  float64: { bytes: 8, get: 'getFloat64' },
  int64: { bytes: 8, get: 'getBigInt64' },
  uint64: { bytes: 8, get: 'getBigUint64' },
};

/**
 * Writes the code that reads values. `value` answers with an expression; it is good once the run that it is part of is flushed. Pieces of
 * fixed size gather in a run: one check that all of it is there, then the loads.
 */
export class Decoder {
  readonly #module: ModuleScope;
  readonly #code: Code;
  readonly #names: Names;
  readonly #depth: string | undefined;
  #loads: ((at: string) => string)[] = [];
  #bytes = 0;

  constructor(module: ModuleScope, code: Code, names: Names, depth?: string) {
    this.#module = module;
    this.#code = code;
    this.#names = names;
    this.#depth = depth;
  }

  flush(): void {
    if (this.#bytes > 0) {
      const at = this.#names.unique('at');
      this.#code.line(`const ${at} = input.at;`);
      this.#code.line(`if (${plus(at, this.#bytes)} > input.end) throw ${this.#module.door('truncated')}();`);
      this.#loadsAt(at);
      this.#code.line(`input.at = ${plus(at, this.#bytes)};`);
    }
    this.#bytes = 0;
  }

  #loadsAt(at: string): void {
    for (const load of this.#loads) this.#code.line(load(at));
    this.#loads = [];
  }

  #invalid(what: string): string {
    return `throw ${this.#module.door('invalid')}(${text(what)});`;
  }

  /** A load of the run into a local, and what else is to be said about it. */
  #load(wish: string, bytes: number, get: string, check?: (local: string) => string): string {
    const local = this.#names.unique(wish);
    const offset = this.#bytes;
    const order = bytes > 1 ? ', true' : '';
    this.#loads.push((at) => `const ${local} = input.view.${get}(${plus(at, offset)}${order});`);
    if (check) this.#loads.push(() => check(local));
    this.#bytes += bytes;
    return local;
  }

  value(type: WireType, wish: string): string {
    const number = NUMBERS[type.kind];
    if (number) return this.#load(wish, number.bytes, number.get);
    switch (type.kind) {
      case 'boolean': {
        const byte = this.#load(
          wish,
          1,
          'getUint8',
          (local) => `if (${local} > 1) ${this.#invalid('a boolean is neither 0 nor 1')}`,
        );
        return `${byte} === 1`;
      }
      case 'date': {
        const ms = this.#load(`${wish}Ms`, 8, 'getFloat64');
        return `${this.#module.door('dateOf')}(${ms})`;
      }
      case 'null':
        return 'null';
      case 'literals':
        return this.#literals(type.values, wish);
      case 'string':
        return this.#call('readString', wish);
      case 'bytes':
        return this.#call('readBytes', wish);
      case 'unknown':
        return this.#call('readUnknown', wish);
      case 'proxy':
        return this.#call('readReference', wish, text(type.contract));
      case 'nullable':
        return this.#nullable(type.of, wish);
      case 'tuple':
        return `[${type.items.map((item) => this.value(item, 'item')).join(', ')}]`;
      case 'struct':
        return this.#struct(type.members, wish);
      case 'array':
        return this.#array(type.of, wish);
      case 'map':
        return this.#map(type.key, type.value, wish);
      case 'set':
        return this.#set(type.of, wish);
      case 'record':
        return this.#record(type.of, wish);
      case 'union':
        return this.#union(type, wish);
      case 'named':
        return this.#named(type.name, type.recursive === true, wish);
    }
    throw new TypeError(`${type.kind} is not a wire type.`);
  }

  /** Expressions for each member; `undefined` inside them stands for an absent one. Also says how presence is told. */
  members(members: readonly Member[]): { expressions: string[]; present: (i: number) => string } {
    const optional = members.filter((member) => member.optional);
    const bytes: string[] = [];
    for (let i = 0; i < bitmapBytes(optional.length); i++) {
      const unused = optional.length - i * 8;
      const check = (local: string) =>
        `if (${local} > ${(1 << unused) - 1}) ${this.#invalid('an unknown member is present')}`;
      bytes.push(this.#load('present', 1, 'getUint8', unused < 8 ? check : undefined));
    }
    const present = (i: number): string => {
      const place = optional.indexOf(members[i]!);
      return `(${bytes[place >> 3]} & ${1 << (place & 7)}) !== 0`;
    };
    const expressions = members.map(({ name, type, optional }, i) => {
      if (!optional) return this.value(type, name);
      this.flush();
      const local = this.#names.unique(name);
      this.#code.line(`let ${local};`);
      this.#code.block(`if (${present(i)})`, () => this.#assign(local, type, name));
      return local;
    });
    return { expressions, present };
  }

  /** In a block of its own. */
  #assign(local: string, type: WireType, wish: string): void {
    const expression = this.value(type, wish);
    this.flush();
    this.#code.line(`${local} = ${expression};`);
  }

  #call(reader: 'readString' | 'readBytes' | 'readUnknown' | 'readReference', wish: string, more?: string): string {
    this.flush();
    return this.#const(wish, `${this.#module.door(reader)}(input${more === undefined ? '' : `, ${more}`})`);
  }

  #const(wish: string, expression: string): string {
    const local = this.#names.unique(wish);
    this.#code.line(`const ${local} = ${expression};`);
    return local;
  }

  #literals(values: readonly (string | number | boolean)[], wish: string): string {
    if (values.length === 1) return text(values[0]!);
    const { list } = this.#module.literals(values, wish);
    const bytes = indexBytes(values.length);
    const check = (local: string) => `if (${local} >= ${values.length}) ${this.#invalid('a literal is unknown')}`;
    const index = this.#load(`${wish}At`, bytes, bytes === 1 ? 'getUint8' : 'getUint16', check);
    return `${list}[${index}]`;
  }

  #nullable(of: WireType, wish: string): string {
    const present = this.#load(
      'present',
      1,
      'getUint8',
      (local) => `if (${local} > 1) ${this.#invalid('a presence is neither 0 nor 1')}`,
    );
    this.flush();
    const local = this.#names.unique(wish);
    this.#code.line(`let ${local} = null;`);
    this.#code.block(`if (${present} === 1)`, () => this.#assign(local, of, wish));
    return local;
  }

  #struct(members: readonly Member[], wish: string): string {
    const { expressions, present } = this.members(members);
    const literal = objectLiteral(
      members.flatMap(({ name, optional }, i) => (optional ? [] : [[name, expressions[i]!] as const])),
    );
    if (!members.some(({ optional }) => optional)) return literal;
    this.flush();
    const local = this.#const(wish, literal);
    members.forEach(({ name, optional }, i) => {
      if (!optional) return;
      const put =
        name in Object.prototype
          ? `${this.#module.door('put')}(${local}, ${text(name)}, ${expressions[i]})`
          : `${local}${access(name)} = ${expressions[i]}`;
      this.#code.line(`if (${present(i)}) ${put};`);
    });
    return local;
  }

  #named(name: string, recursive: boolean, wish: string): string {
    const inlined = this.#module.inlined(name);
    if (inlined) return this.value(inlined, wish);
    return this.#function(name, wish, recursive && this.#depth ? `${this.#depth} + 1` : '1');
  }

  #function(name: string, wish: string, depth: string): string {
    this.flush();
    const { decode } = this.#module.functions(name);
    return this.#const(wish, `${decode}(input${this.#module.isRecursive(name) ? `, ${depth}` : ''})`);
  }

  /** Reads the count and opens the loop; `each` gets the expressions of one element. */
  #elements(types: readonly WireType[], wishes: readonly string[], each: (expressions: string[]) => void): string {
    const sizes = types.map((type) => this.#module.sizes.fixed(type));
    const fixed = sizes.every((size) => size !== undefined);
    const least = types.reduce((sum, type) => sum + this.#module.sizes.least(type), 0);
    const filler = (): void => {
      if (least === 0)
        this.#load(
          'filler',
          1,
          'getUint8',
          (local) => `if (${local} !== 0) ${this.#invalid('an element has content')}`,
        );
    };
    const count = this.#const('count', `${this.#module.door('readCount')}(input, ${Math.max(least, 1)})`);
    const i = this.#names.unique('i');
    const at = fixed ? this.#names.unique('at') : '';
    // The count is checked against what is left: elements of a fixed size are all there.
    if (fixed) this.#code.line(`let ${at} = input.at;`);
    this.#code.block(`for (let ${i} = 0; ${i} < ${count}; ${i}++)`, () => {
      const expressions = types.map((type, j) => this.value(type, wishes[j]!));
      filler();
      if (fixed) {
        this.#loadsAt(at);
        this.#code.line(`${at} += ${this.#bytes};`);
        this.#bytes = 0;
      } else this.flush();
      each(expressions);
    });
    if (fixed) this.#code.line(`input.at = ${at};`);
    return count;
  }

  #array(of: WireType, wish: string): string {
    this.flush();
    const list = this.#const(wish, '[]');
    this.#elements([of], ['element'], ([element]) => this.#code.line(`${list}.push(${element});`));
    return list;
  }

  #map(key: WireType, value: WireType, wish: string): string {
    this.flush();
    const map = this.#const(wish, 'new Map()');
    const count = this.#elements([key, value], ['key', 'item'], ([k, v]) => this.#code.line(`${map}.set(${k}, ${v});`));
    this.#code.line(`if (${map}.size !== ${count}) ${this.#invalid('a map has a key twice')}`);
    return map;
  }

  #set(of: WireType, wish: string): string {
    this.flush();
    const set = this.#const(wish, 'new Set()');
    const count = this.#elements([of], ['element'], ([element]) => this.#code.line(`${set}.add(${element});`));
    this.#code.line(`if (${set}.size !== ${count}) ${this.#invalid('a set has an element twice')}`);
    return set;
  }

  #record(of: WireType, wish: string): string {
    this.flush();
    const record = this.#const(wish, '{}');
    this.#elements([{ kind: 'string' }, of], ['key', 'item'], ([k, v]) => {
      this.#code.line(`${this.#module.door('put')}(${record}, ${k}, ${v});`);
    });
    return record;
  }

  #union({ variants }: WireType & { kind: 'union' }, wish: string): string {
    const wide = variants.length > 0x100;
    const index = this.#load('variant', wide ? 2 : 1, wide ? 'getUint16' : 'getUint8');
    this.flush();
    const local = this.#names.unique(wish);
    this.#code.line(`let ${local};`);
    this.#code.block(`switch (${index})`, () => {
      variants.forEach(({ type }, i) => {
        this.#code.block(`case ${i}:`, () => {
          // The same value as that of the union: no level deeper.
          if (type.kind === 'named' && type.recursive && this.#depth && !this.#module.inlined(type.name)) {
            this.#code.line(`${local} = ${this.#function(type.name, wish, this.#depth)};`);
          } else this.#assign(local, type, wish);
          this.#code.line('break;');
        });
      });
      this.#code.line(`default: ${this.#invalid('a variant is unknown')}`);
    });
    return local;
  }
}

function objectLiteral(entries: readonly (readonly [string, string])[]): string {
  if (entries.length === 0) return '{}';
  return `{ ${entries.map(([name, expression]) => (name === expression && isVariable(name) ? name : `${key(name)}: ${expression}`)).join(', ')} }`;
}
