import type { Member, WireType } from '../../engine/contract/wire-type.ts';
import { bitmapBytes, indexBytes } from '../model/size.ts';
import { access, type Code, type Names, text } from './code.ts';
import type { ModuleScope } from './scope.ts';

/** From here on rounding to single precision gives infinity: half a step above its largest number. */
const FLOAT32_LIMIT = 2 ** 128 - 2 ** 103;

/** Check that fails for a wrong value, and the store. `v` is a local variable. */
const NUMBERS: Record<string, { bytes: number; wrong(v: string): string; set: string }> = {
  int8: { bytes: 1, wrong: (v) => `typeof ${v} !== 'number' || (${v} << 24) >> 24 !== ${v}`, set: 'setInt8' },
  int16: { bytes: 2, wrong: (v) => `typeof ${v} !== 'number' || (${v} << 16) >> 16 !== ${v}`, set: 'setInt16' },
  int32: { bytes: 4, wrong: (v) => `typeof ${v} !== 'number' || (${v} | 0) !== ${v}`, set: 'setInt32' },
  uint8: { bytes: 1, wrong: (v) => `typeof ${v} !== 'number' || (${v} & 0xff) !== ${v}`, set: 'setUint8' },
  uint16: { bytes: 2, wrong: (v) => `typeof ${v} !== 'number' || (${v} & 0xffff) !== ${v}`, set: 'setUint16' },
  uint32: { bytes: 4, wrong: (v) => `typeof ${v} !== 'number' || ${v} >>> 0 !== ${v}`, set: 'setUint32' },
  float32: {
    bytes: 4,
    wrong: (v) => `typeof ${v} !== 'number' || (Math.abs(${v}) >= ${FLOAT32_LIMIT} && Math.abs(${v}) !== Infinity)`,
    set: 'setFloat32',
  },
  float64: { bytes: 8, wrong: (v) => `typeof ${v} !== 'number'`, set: 'setFloat64' },
  int64: { bytes: 8, wrong: (v) => `typeof ${v} !== 'bigint' || BigInt.asIntN(64, ${v}) !== ${v}`, set: 'setBigInt64' },
  uint64: {
    bytes: 8,
    wrong: (v) => `typeof ${v} !== 'bigint' || BigInt.asUintN(64, ${v}) !== ${v}`,
    set: 'setBigUint64',
  },
};

/** Where the room for a run of fixed-size pieces comes from. */
export type Room =
  /** Checked against the writer's end. */
  | 'checked'
  /** Claimed by the caller, for exactly this run. */
  | 'claimed';

/**
 * Writes the code that writes values. Pieces of fixed size gather in a run: first all loads and checks, then one check for room, then
 * the stores.
 */
export class Encoder {
  readonly #module: ModuleScope;
  readonly #code: Code;
  readonly #names: Names;
  readonly #depth: string | undefined;
  #loads: string[] = [];
  #stores: ((at: string) => string)[] = [];
  #bytes = 0;

  /** `depth` is the name of the depth argument inside the function of a recursive type. */
  constructor(module: ModuleScope, code: Code, names: Names, depth?: string) {
    this.#module = module;
    this.#code = code;
    this.#names = names;
    this.#depth = depth;
  }

  /** Loads and checks of the run so far, to stand in front of whatever claims the room. */
  checks(): void {
    for (const line of this.#loads) this.#code.line(line);
    this.#loads = [];
  }

  flush(room: Room = 'checked'): void {
    this.checks();
    if (this.#stores.length === 0) return;
    const at = this.#names.unique('at');
    this.#code.line(`const ${at} = out.at;`);
    if (room === 'checked')
      this.#code.line(`if (${plus(at, this.#bytes)} > out.end) throw ${this.#module.door('OVERFLOW')};`);
    this.#storesAt(at);
    this.#code.line(`out.at = ${plus(at, this.#bytes)};`);
    this.#bytes = 0;
  }

  #storesAt(at: string): void {
    for (const store of this.#stores) this.#code.line(store(at));
    this.#stores = [];
  }

  #mismatch(): string {
    return `throw ${this.#module.door('MISMATCH')};`;
  }

  #store(bytes: number, method: string, value: string): void {
    const offset = this.#bytes;
    const order = bytes > 1 ? ', true' : '';
    this.#stores.push((at) => `out.view.${method}(${plus(at, offset)}, ${value}${order});`);
    this.#bytes += bytes;
  }

  #load(wish: string, expression: string): string {
    const name = this.#names.unique(wish);
    this.#loads.push(`const ${name} = ${expression};`);
    return name;
  }

  /** `v` is a local variable that holds the value. */
  value(type: WireType, v: string): void {
    const number = NUMBERS[type.kind];
    if (number) {
      this.#loads.push(`if (${number.wrong(v)}) ${this.#mismatch()}`);
      this.#store(number.bytes, number.set, v);
      return;
    }
    switch (type.kind) {
      case 'boolean':
        this.#loads.push(`if (typeof ${v} !== 'boolean') ${this.#mismatch()}`);
        this.#store(1, 'setUint8', `${v} ? 1 : 0`);
        return;
      case 'date':
        this.#store(8, 'setFloat64', this.#load('ms', `${this.#module.door('timeOf')}(${v})`));
        return;
      case 'null':
        this.#loads.push(`if (${v} !== null) ${this.#mismatch()}`);
        return;
      case 'literals':
        this.#literals(type.values, v);
        return;
      case 'string':
        this.#call('writeString', v);
        return;
      case 'bytes':
        this.#call('writeBytes', v);
        return;
      case 'unknown':
        this.#call('writeUnknown', v);
        return;
      case 'proxy':
        this.#call('writeReference', v, text(type.contract));
        return;
      case 'nullable':
        this.#store(1, 'setUint8', `${v} === null ? 0 : 1`);
        this.flush();
        this.#code.block(`if (${v} !== null)`, () => this.#inner(type.of, v));
        return;
      case 'tuple':
        this.#loads.push(`if (!Array.isArray(${v}) || ${v}.length !== ${type.items.length}) ${this.#mismatch()}`);
        type.items.forEach((item, i) => {
          this.value(item, this.#load('item', `${v}[${i}]`));
        });
        return;
      case 'struct':
        this.#loads.push(`if (typeof ${v} !== 'object' || ${v} === null) ${this.#mismatch()}`);
        this.#struct(type.members, v);
        return;
      case 'array':
        this.#array(type.of, v);
        return;
      case 'map':
        this.#map(type.key, type.value, v);
        return;
      case 'set':
        this.#set(type.of, v);
        return;
      case 'record':
        this.#record(type.of, v);
        return;
      case 'union':
        this.#union(type, v);
        return;
      case 'named':
        this.#named(type.name, type.recursive === true, v);
        return;
    }
  }

  /** Presence of the optional members, then each member. `locals` hold them. */
  members(members: readonly Member[], locals: readonly string[]): void {
    this.#bitmap(locals.filter((_, i) => members[i]!.optional));
    members.forEach(({ type, optional }, i) => {
      const v = locals[i]!;
      if (!optional) this.value(type, v);
      else {
        this.flush();
        this.#code.block(`if (${v} !== undefined)`, () => this.#inner(type, v));
      }
    });
  }

  /** In a block of its own. */
  #inner(type: WireType, v: string): void {
    this.value(type, v);
    this.flush();
  }

  #call(writer: 'writeString' | 'writeBytes' | 'writeUnknown' | 'writeReference', v: string, more?: string): void {
    this.flush();
    this.#code.line(`${this.#module.door(writer)}(out, ${v}${more === undefined ? '' : `, ${more}`});`);
  }

  #literals(values: readonly (string | number | boolean)[], v: string): void {
    if (values.length === 1) {
      this.#loads.push(`if (${v} !== ${text(values[0]!)}) ${this.#mismatch()}`);
      return;
    }
    const { index } = this.#module.literals(values, v);
    const bytes = indexBytes(values.length);
    this.#store(bytes, bytes === 1 ? 'setUint8' : 'setUint16', this.#load('index', `${index}(${v})`));
  }

  #bitmap(optional: readonly string[]): void {
    for (let i = 0; i < bitmapBytes(optional.length); i++) {
      const bits = optional.slice(i * 8, i * 8 + 8).map((v, bit) => `(${v} === undefined ? 0 : ${1 << bit})`);
      this.#store(1, 'setUint8', bits.join(' | '));
    }
  }

  #struct(members: readonly Member[], v: string): void {
    const locals = members.map(({ name }) => {
      // Every object has a constructor; only its own one is a member.
      const own = name in Object.prototype ? `!Object.hasOwn(${v}, ${text(name)}) ? undefined : ` : '';
      return this.#load(name, `${own}${v}${access(name)}`);
    });
    this.members(members, locals);
  }

  #named(name: string, recursive: boolean, v: string): void {
    const inlined = this.#module.inlined(name);
    if (inlined) this.value(inlined, v);
    else this.#function(name, v, recursive && this.#depth ? `${this.#depth} + 1` : '1');
  }

  #function(name: string, v: string, depth: string): void {
    this.flush();
    const { encode } = this.#module.functions(name);
    this.#code.line(`${encode}(out, ${v}${this.#module.isRecursive(name) ? `, ${depth}` : ''});`);
  }

  /** Opens a loop over `count` elements of the given types; `each` declares the locals that hold them. */
  #elements(count: string, types: readonly WireType[], loop: string, each: () => readonly string[]): void {
    const sizes = types.map((type) => this.#module.sizes.fixed(type));
    const bytes = sizes.every((size) => size !== undefined)
      ? sizes.reduce<number>((sum, size) => sum + size!, 0)
      : undefined;
    if (bytes !== undefined) {
      const at = this.#names.unique('at');
      this.#code.line(`let ${at} = ${this.#module.door('reserve')}(out, ${count}, ${Math.max(bytes, 1)});`);
      this.#code.block(loop, () => {
        const locals = each();
        types.forEach((type, i) => {
          this.value(type, locals[i]!);
        });
        // An element without content takes a byte all the same, so that no count is larger than its message.
        if (bytes === 0) this.#store(1, 'setUint8', '0');
        this.checks();
        this.#storesAt(at);
        this.#code.line(`${at} += ${this.#bytes};`);
        this.#bytes = 0;
      });
      return;
    }
    this.#code.block(loop, () => {
      const locals = each();
      types.forEach((type, i) => {
        this.value(type, locals[i]!);
      });
      this.flush();
    });
  }

  #count(expression: string): string {
    const count = this.#names.unique('count');
    this.#code.line(`const ${count} = ${expression};`);
    this.#code.line(`${this.#module.door('writeCount')}(out, ${count});`);
    return count;
  }

  #array(of: WireType, v: string): void {
    this.flush();
    this.#code.line(`if (!Array.isArray(${v})) ${this.#mismatch()}`);
    const count = this.#count(`${v}.length`);
    const i = this.#names.unique('i');
    this.#elements(count, [of], `for (let ${i} = 0; ${i} < ${count}; ${i}++)`, () => {
      const element = this.#names.unique('element');
      this.#code.line(`const ${element} = ${v}[${i}];`);
      return [element];
    });
  }

  #map(key: WireType, value: WireType, v: string): void {
    this.flush();
    const count = this.#count(`${this.#module.door('sizeOfMap')}(${v})`);
    const left = this.#names.unique('left');
    const locals = [this.#names.unique('key'), this.#names.unique('item')];
    this.#code.line(`let ${left} = ${count};`);
    const loop = `for (const [${locals.join(', ')}] of ${this.#module.door('entriesOf')}(${v}))`;
    this.#elements(count, [key, value], loop, () => {
      this.#code.line(`if (${left}-- === 0) ${this.#mismatch()}`);
      return locals;
    });
    this.#code.line(`if (${left} !== 0) ${this.#mismatch()}`);
  }

  #set(of: WireType, v: string): void {
    this.flush();
    const count = this.#count(`${this.#module.door('sizeOfSet')}(${v})`);
    const left = this.#names.unique('left');
    const element = this.#names.unique('element');
    this.#code.line(`let ${left} = ${count};`);
    this.#elements(count, [of], `for (const ${element} of ${this.#module.door('valuesOf')}(${v}))`, () => {
      this.#code.line(`if (${left}-- === 0) ${this.#mismatch()}`);
      return [element];
    });
    this.#code.line(`if (${left} !== 0) ${this.#mismatch()}`);
  }

  #record(of: WireType, v: string): void {
    this.flush();
    const keys = this.#names.unique('keys');
    this.#code.line(`const ${keys} = ${this.#module.door('keysOf')}(${v});`);
    this.#code.line(`${this.#module.door('writeCount')}(out, ${keys}.length);`);
    const key = this.#names.unique('key');
    this.#code.block(`for (const ${key} of ${keys})`, () => {
      this.#code.line(`${this.#module.door('writeString')}(out, ${key});`);
      const item = this.#names.unique('item');
      this.#code.line(`const ${item} = ${v}[${key}];`);
      this.#inner(of, item);
    });
  }

  #union({ tag, variants }: WireType & { kind: 'union' }, v: string): void {
    this.flush();
    this.#code.line(`if (typeof ${v} !== 'object' || ${v} === null) ${this.#mismatch()}`);
    const wide = variants.length > 0x100;
    this.#code.block(`switch (${v}${access(tag)})`, () => {
      variants.forEach(({ value, type }, i) => {
        this.#code.block(`case ${text(value)}:`, () => {
          this.#store(wide ? 2 : 1, wide ? 'setUint16' : 'setUint8', `${i}`);
          this.#variant(type, tag, v);
          this.flush();
          this.#code.line('break;');
        });
      });
      this.#code.line(`default: ${this.#mismatch()}`);
    });
  }

  /** The same value as that of the union: an object already, its tag known, no level deeper. */
  #variant(type: WireType, tag: string, v: string): void {
    const target = type.kind === 'named' ? this.#module.inlined(type.name) : type;
    if (target?.kind === 'struct') {
      const rest = target.members.filter(({ name }) => name !== tag);
      this.#struct(rest, v);
    } else if (type.kind === 'named') this.#function(type.name, v, (type.recursive && this.#depth) || '1');
    else this.value(type, v);
  }
}

export function plus(at: string, offset: number): string {
  return offset === 0 ? at : `${at} + ${offset}`;
}
