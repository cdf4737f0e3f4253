import type { Member, Primitive, WireType, WireTypes } from '../../engine/contract/wire-type.ts';
import type { Declaration } from './module.ts';
import type { TSSignature, TSType, TSTypeName, TSTypeReference } from './parse.ts';
import { ENGINE_TYPES, type ProgramModules } from './program.ts';
import type { Body, Scope, TypeReader } from './scope.ts';
import type { ContractSourceError } from './source-error.ts';
import { UnionResolver } from './union.ts';
import { KEYWORDS, REFUSED, REFUSED_NAMES } from './vocabulary.ts';

/** Deepest instantiation of generics; beyond it a type grows with every step. */
const INSTANTIATION_DEPTH_MAX = 20;

/** Reads types as they are written into wire types. Named types end up in `types`. */
export class TypeResolver implements TypeReader {
  readonly types: WireTypes = {};
  readonly #program: ProgramModules;
  readonly #contractOf: (declaration: Declaration) => string | undefined;
  readonly #unions = new UnionResolver(this);
  readonly #names = new Map<string, string>();
  readonly #declarations = new Map<string, Body>();
  readonly #taken = new Set<string>();
  readonly #keys = new Map<object, number>();
  readonly #done = new Map<string, WireType>();
  /** Declarations being read, and whether one of their own parts has come back to them. */
  readonly #open = new Map<string, { recursive: boolean }>();
  /** Interfaces whose `extends` is being read. */
  readonly #heirs = new Set<object>();

  constructor(program: ProgramModules, contractOf: (declaration: Declaration) => string | undefined) {
    this.#program = program;
    this.#contractOf = contractOf;
  }

  /** To be called when everything is resolved: what leads back to itself is completed then. */
  finish(): void {
    this.#unions.finish();
  }

  /** An error where the type of this name is declared. */
  errorAt(name: string, problem: string): ContractSourceError {
    const { module, node } = this.#declarations.get(name)!;
    return module.error(node, problem);
  }

  resolve(node: TSType, scope: Scope): WireType {
    const primitive = KEYWORDS[node.type];
    if (primitive) return { kind: primitive };
    switch (node.type) {
      case 'TSArrayType':
        return { kind: 'array', of: this.resolve(node.elementType, scope) };
      case 'TSTupleType':
        return { kind: 'tuple', items: node.elementTypes.map((item) => this.#tupleItem(item, scope)) };
      case 'TSTypeOperator':
        if (node.operator === 'readonly') return this.resolve(node.typeAnnotation, scope);
        throw scope.module.error(node, `'${node.operator}' needs the compiler; write the type out.`);
      case 'TSLiteralType':
      case 'TSUnionType':
        return this.#unions.resolve(node, scope);
      case 'TSTypeLiteral':
        return this.#body(node.members, node, scope);
      case 'TSTypeReference':
        return this.#reference(node, scope);
      case 'TSIntersectionType': {
        const brand = brandOf(node);
        if (brand && ENGINE_TYPES.has(brand)) return { kind: brand as Primitive };
        break;
      }
    }
    throw scope.module.error(node, REFUSED[node.type] ?? `${node.type} is not a wire type.`);
  }

  /** Members of an interface or object type, inherited ones first. */
  members(signatures: readonly TSSignature[], scope: Scope): Member[] {
    const members: Member[] = [];
    for (const signature of signatures) {
      const name = this.memberName(signature, scope);
      if (signature.type !== 'TSPropertySignature') {
        throw scope.module.error(
          signature,
          `${name} is a function, which does not travel; only a contract has methods.`,
        );
      }
      if (!signature.typeAnnotation) throw scope.module.error(signature, `${name} has no type; write one.`);
      if (name === '__proto__') throw scope.module.error(signature, `No member can be called '__proto__'; rename it.`);
      if (members.some((member) => member.name === name)) {
        throw scope.module.error(signature, `${name} is declared twice; keep one.`);
      }
      members.push(this.member(name, signature.typeAnnotation.typeAnnotation, signature.optional, scope));
    }
    return members;
  }

  /** A member or parameter: `T | undefined` is what an optional one says twice. */
  member(name: string, type: TSType, optional: boolean, scope: Scope): Member {
    if (!optional) return { name, type: this.resolve(type, scope) };
    return { name, type: this.#unions.resolve(type, scope, true), optional: true };
  }

  memberName(signature: TSSignature, scope: Scope): string {
    if (signature.type === 'TSPropertySignature' || signature.type === 'TSMethodSignature') {
      const { key, computed } = signature;
      if (!computed && key.type === 'Identifier') return key.name;
      if (key.type === 'Literal' && (typeof key.value === 'string' || typeof key.value === 'number'))
        return String(key.value);
      throw scope.module.error(signature, 'A computed name needs the compiler; write the name out.');
    }
    if (signature.type === 'TSIndexSignature') {
      throw scope.module.error(
        signature,
        'An index signature beside members is ambiguous; write a member of type Record<string, T>.',
      );
    }
    throw scope.module.error(signature, 'An interface that can be called does not travel; declare members.');
  }

  /** A declaration of the type space, of the engine, or undefined for a global. */
  lookup(name: TSTypeName, scope: Scope): Declaration | { engine: string } | undefined {
    if (name.type === 'Identifier') return this.#program.lookup(scope.module, name.name);
    if (name.type === 'TSQualifiedName' && name.left.type === 'Identifier') {
      return this.#program.lookupMember(scope.module, name.left.name, name.right.name);
    }
    return undefined;
  }

  /** Scope inside of a declaration, with type arguments (or defaults) in the place of its parameters. */
  inside(declaration: Body, args: readonly WireType[], at: { start: number }, scope: Scope): Scope {
    const declared = declaration.node.typeParameters?.params ?? [];
    const parameters = new Map<string, WireType>();
    const inner: Scope = { module: declaration.module, parameters };
    if (args.length > declared.length)
      throw scope.module.error(at, `${declaration.node.id.name} takes ${declared.length} type arguments.`);
    declared.forEach((parameter, i) => {
      const given = args[i] ?? (parameter.default ? this.resolve(parameter.default, inner) : undefined);
      if (!given)
        throw scope.module.error(at, `${declaration.node.id.name} needs a type argument for ${parameter.name.name}.`);
      parameters.set(parameter.name.name, given);
    });
    return inner;
  }

  args(node: TSTypeReference, scope: Scope): WireType[] {
    return (node.typeArguments?.params ?? []).map((argument) => this.resolve(argument, scope));
  }

  #tupleItem(item: { type: string; start: number } & object, scope: Scope): WireType {
    const node = item as any;
    if (node.type === 'TSNamedTupleMember') {
      if (node.optional)
        throw scope.module.error(
          node,
          'A tuple has a fixed length; write T | null, or an interface with optional members.',
        );
      return this.#tupleItem(node.elementType, scope);
    }
    if (node.type === 'TSOptionalType' || node.type === 'TSRestType') {
      throw scope.module.error(node, 'A tuple has a fixed length; write T | null, an array, or an interface.');
    }
    return this.resolve(node, scope);
  }

  #body(signatures: readonly TSSignature[], node: { start: number }, scope: Scope): WireType {
    const [only] = signatures;
    if (signatures.length === 1 && only?.type === 'TSIndexSignature') {
      const key = only.parameters[0]?.typeAnnotation.typeAnnotation;
      if (key?.type !== 'TSStringKeyword')
        throw scope.module.error(only, 'Keys of a record are strings; write Map<K, V> for others.');
      return { kind: 'record', of: this.resolve(only.typeAnnotation.typeAnnotation, scope) };
    }
    if (signatures.length === 0)
      throw scope.module.error(node, "'{}' says nothing about what travels; declare members, or write 'unknown'.");
    return { kind: 'struct', members: this.members(signatures, scope) };
  }

  #reference(node: TSTypeReference, scope: Scope): WireType {
    const name = node.typeName.type === 'Identifier' ? node.typeName.name : undefined;
    if (name !== undefined) {
      const parameter = scope.parameters.get(name);
      if (parameter) return parameter;
    }
    const found = this.lookup(node.typeName, scope);
    if (!found) return this.#global(name ?? textOf(node, scope), node, scope);
    if ('engine' in found) {
      if (ENGINE_TYPES.has(found.engine)) return { kind: found.engine as Primitive };
      throw scope.module.error(
        node,
        `'${found.engine}' of the engine does not travel; write a wire type, or a contract interface.`,
      );
    }
    if (found.kind === 'enum') {
      throw scope.module.error(node, `${name} is an enum; write a union of literals ('a' | 'b') instead.`);
    }
    if (found.kind === 'class') {
      throw scope.module.error(
        node,
        `${name} is a class; write an interface, or for an entity its contract interface.`,
      );
    }
    const contract = this.#contractOf(found);
    if (contract !== undefined) return { kind: 'proxy', contract };
    return this.#declared(found as Body, node, scope);
  }

  #global(name: string, node: TSTypeReference, scope: Scope): WireType {
    const params = node.typeArguments?.params ?? [];
    const argument = (i: number): WireType => {
      const type = params[i];
      if (!type) throw scope.module.error(node, `${name} needs a type argument.`);
      return this.resolve(type, scope);
    };
    switch (name) {
      case 'Array':
      case 'ReadonlyArray':
        return { kind: 'array', of: argument(0) };
      case 'Map':
      case 'ReadonlyMap':
        return { kind: 'map', key: argument(0), value: argument(1) };
      case 'Set':
      case 'ReadonlySet':
        return { kind: 'set', of: argument(0) };
      case 'Readonly':
        return argument(0);
      case 'Uint8Array':
        return { kind: 'bytes' };
      case 'Date':
        return { kind: 'date' };
      case 'Record': {
        const key = argument(0);
        if (key.kind === 'string') return { kind: 'record', of: argument(1) };
        if (key.kind === 'literals' && key.values.includes('__proto__')) {
          throw scope.module.error(node, "No member can be called '__proto__'; rename it.");
        }
        if (key.kind === 'literals' && key.values.every((value) => typeof value === 'string')) {
          return { kind: 'struct', members: key.values.map((value) => ({ name: String(value), type: argument(1) })) };
        }
        throw scope.module.error(node, 'Keys of a record are strings; write Map<K, V> for others.');
      }
      default:
        throw scope.module.error(
          node,
          REFUSED_NAMES[name] ?? `${name} is unknown here; declare it, or import it (wire types come from 'skerry').`,
        );
    }
  }

  /** An interface or alias. Structs, unions and whatever is recursive keep their name; other aliases stand for what they say. */
  #declared(declaration: Body, node: TSTypeReference, scope: Scope): WireType {
    const args = this.args(node, scope);
    const key = this.#keyOf(declaration.node, args);
    const done = this.#done.get(key);
    if (done) return done;
    const label = labelOf(declaration.node.id.name, args);
    const open = this.#open.get(key);
    if (open) {
      open.recursive = true;
      return { kind: 'named', name: this.#nameOf(key, label) };
    }
    if (this.#open.size > INSTANTIATION_DEPTH_MAX && args.length > 0) {
      throw scope.module.error(
        node,
        `${declaration.node.id.name} grows with every step; write it without type parameters.`,
      );
    }
    const state = { recursive: false };
    this.#open.set(key, state);
    const inner = this.inside(declaration, args, node, scope);
    const type =
      declaration.kind === 'interface'
        ? this.#interface(declaration, inner)
        : this.resolve(declaration.node.typeAnnotation, inner);
    this.#open.delete(key);
    let result = type;
    if (state.recursive || type.kind === 'struct' || type.kind === 'union') {
      if (type.kind === 'named' && type.name === this.#names.get(key)) {
        throw declaration.module.error(declaration.node, `${label} is only itself; declare what it holds.`);
      }
      const name = this.#nameOf(key, label);
      this.types[name] = type;
      this.#declarations.set(name, declaration);
      result = { kind: 'named', name };
    }
    this.#done.set(key, result);
    return result;
  }

  #interface(declaration: Declaration & { kind: 'interface' }, scope: Scope): WireType {
    const { node } = declaration;
    const own = node.body.body;
    if (node.extends.length === 0 && own.length === 1 && own[0]!.type === 'TSIndexSignature')
      return this.#body(own, node, scope);
    if (this.#heirs.has(node)) throw scope.module.error(node, `${node.id.name} extends itself.`);
    if (node.extends.length === 0) return { kind: 'struct', members: this.members(own, scope) };
    this.#heirs.add(node);
    const members: Member[] = [];
    for (const heritage of node.extends) {
      const base =
        heritage.expression.type === 'Identifier'
          ? this.#program.lookup(scope.module, heritage.expression.name)
          : undefined;
      if (!base || 'engine' in base || (base.kind !== 'interface' && base.kind !== 'alias')) {
        throw scope.module.error(
          heritage,
          `${textOf(heritage, scope)} is not an interface of the game; extend one that is.`,
        );
      }
      const args = (heritage.typeArguments?.params ?? []).map((argument) => this.resolve(argument, scope));
      merge(members, this.#membersOf(base, args, heritage, scope));
    }
    this.#heirs.delete(node);
    merge(members, this.members(own, scope));
    return { kind: 'struct', members };
  }

  /** Of what an interface extends: an interface, or an alias of an object type. */
  #membersOf(base: Body, args: WireType[], at: { start: number }, scope: Scope): Member[] {
    const inner = this.inside(base, args, at, scope);
    const type =
      base.kind === 'interface' ? this.#interface(base, inner) : this.resolve(base.node.typeAnnotation, inner);
    const struct = type.kind === 'named' ? this.types[type.name] : type;
    if (struct?.kind !== 'struct')
      throw scope.module.error(at, `${base.node.id.name} is not an object type; extend one that is.`);
    return struct.members;
  }

  #keyOf(node: object, args: readonly WireType[]): string {
    let key = this.#keys.get(node);
    if (key === undefined) {
      key = this.#keys.size;
      this.#keys.set(node, key);
    }
    return args.length === 0 ? `${key}` : `${key} ${JSON.stringify(args)}`;
  }

  #nameOf(key: string, label: string): string {
    let name = this.#names.get(key);
    if (name === undefined) {
      name = label;
      for (let i = 2; this.#taken.has(name); i++) name = `${label}_${i}`;
      this.#taken.add(name);
      this.#names.set(key, name);
    }
    return name;
  }
}

/** Members of the derived interface replace inherited ones of the same name, in their place. */
function merge(members: Member[], more: readonly Member[]): void {
  for (const member of more) {
    const i = members.findIndex(({ name }) => name === member.name);
    if (i < 0) members.push(member);
    else members[i] = member;
  }
}

function labelOf(name: string, args: readonly WireType[]): string {
  return args.length === 0 ? name : `${name}<${args.map(shortLabel).join(', ')}>`;
}

function shortLabel(type: WireType): string {
  switch (type.kind) {
    case 'named':
      return type.name;
    case 'proxy':
      return type.contract;
    case 'array':
      return `${shortLabel(type.of)}[]`;
    case 'nullable':
      return `${shortLabel(type.of)} | null`;
    default:
      return type.kind;
  }
}

function textOf(node: { start: number; end: number }, scope: Scope): string {
  return scope.module.source.text.slice(node.start, node.end);
}

/** 'int32' of `number & { readonly __wire?: 'int32' }`. */
function brandOf(node: TSType & { type: 'TSIntersectionType' }): string | undefined {
  const [base, brand] = node.types;
  if (node.types.length !== 2 || (base?.type !== 'TSNumberKeyword' && base?.type !== 'TSBigIntKeyword'))
    return undefined;
  if (brand?.type !== 'TSTypeLiteral' || brand.members.length !== 1) return undefined;
  const [member] = brand.members;
  if (member?.type !== 'TSPropertySignature' || member.key.type !== 'Identifier' || member.key.name !== '__wire')
    return undefined;
  const type = member.typeAnnotation?.typeAnnotation;
  return type?.type === 'TSLiteralType' && type.literal.type === 'Literal' ? String(type.literal.value) : undefined;
}
