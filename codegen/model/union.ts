import type { WireType } from '../../engine/contract/wire-type.ts';
import type { TSType } from './parse.ts';
import type { Scope, TypeReader } from './scope.ts';

type Literal = string | number | boolean;

/** What a union consists of once unions within it are laid open. */
interface Parts {
  literals: Literal[];
  others: WireType[];
  nullable: boolean;
}

type Union = WireType & { kind: 'union' };

/** Reads `A | B`: literals, `T | null`, or objects that one literal member tells apart. */
export class UnionResolver {
  readonly #resolver: TypeReader;
  /** Unions of which a part was still being read. */
  #waiting: { union: Union; others: WireType[]; node: TSType; scope: Scope }[] = [];

  constructor(resolver: TypeReader) {
    this.#resolver = resolver;
  }

  /** `undefinable`: `| undefined` says nothing new here, because the member is optional. */
  resolve(node: TSType, scope: Scope, undefinable = false): WireType {
    const parts: Parts = { literals: [], others: [], nullable: false };
    this.#collect(node, scope, parts, undefinable, []);
    const type = this.#join(parts, node, scope);
    if (!parts.nullable) {
      if (type) return type;
      throw scope.module.error(node, "'undefined' alone says nothing; write the type of the member.");
    }
    if (!type) return { kind: 'null' };
    return type.kind === 'nullable' || type.kind === 'null' ? type : { kind: 'nullable', of: type };
  }

  /** Once every type is read: finishes the unions that lead back to themselves. */
  finish(): void {
    while (this.#waiting.length > 0) {
      const ready = this.#waiting.filter(({ others }) => !others.some((type) => this.#isWaiting(type)));
      // A union that waits for itself holds nothing else, and finds no tag.
      const next = ready.length > 0 ? ready : this.#waiting;
      for (const { union, others, node, scope } of next) Object.assign(union, this.#tagged(others, node, scope));
      this.#waiting = this.#waiting.filter((entry) => !next.includes(entry));
    }
  }

  #isWaiting(type: WireType): boolean {
    const target = type.kind === 'named' ? this.#resolver.types[type.name] : type;
    return this.#waiting.some(({ union }) => union === target);
  }

  #collect(node: TSType, scope: Scope, parts: Parts, undefinable: boolean, path: readonly object[]): void {
    if (node.type === 'TSUnionType') {
      for (const member of node.types) this.#collect(member, scope, parts, undefinable, path);
    } else if (node.type === 'TSNullKeyword') parts.nullable = true;
    else if (node.type === 'TSLiteralType') addLiteral(parts, literalOf(node, scope));
    else if (node.type === 'TSUndefinedKeyword' && undefinable) return;
    else if (node.type !== 'TSTypeReference' || !this.#collectAlias(node, scope, parts, path)) {
      this.#add(parts, this.#resolver.resolve(node, scope));
    }
  }

  /** The alias of a union is part of the union around it. */
  #collectAlias(
    node: TSType & { type: 'TSTypeReference' },
    scope: Scope,
    parts: Parts,
    path: readonly object[],
  ): boolean {
    if (scope.parameters.has(nameOf(node))) return false;
    const found = this.#resolver.lookup(node.typeName, scope);
    if (!found || 'engine' in found || found.kind !== 'alias') return false;
    const target = found.node.typeAnnotation;
    if (target.type !== 'TSUnionType' && target.type !== 'TSLiteralType') return false;
    if (path.includes(found.node)) {
      throw scope.module.error(node, `${found.node.id.name} is only itself; declare what it holds.`);
    }
    const inner = this.#resolver.inside(found, this.#resolver.args(node, scope), node, scope);
    this.#collect(target, inner, parts, false, [...path, found.node]);
    return true;
  }

  #add(parts: Parts, type: WireType): void {
    if (type.kind === 'boolean') {
      addLiteral(parts, false);
      addLiteral(parts, true);
    } else if (type.kind === 'literals') for (const value of type.values) addLiteral(parts, value);
    else if (type.kind === 'null') parts.nullable = true;
    else if (type.kind === 'nullable') {
      parts.nullable = true;
      this.#add(parts, type.of);
    } else parts.others.push(type);
  }

  #join({ literals, others }: Parts, node: TSType, scope: Scope): WireType | undefined {
    if (others.length === 0) {
      if (literals.length === 0) return undefined;
      const booleans = literals.filter((value) => typeof value === 'boolean');
      return booleans.length === 2 && literals.length === 2
        ? { kind: 'boolean' }
        : { kind: 'literals', values: literals };
    }
    if (others.length === 1 && literals.length === 0) return others[0]!;
    if (literals.length > 0) {
      throw scope.module.error(
        node,
        'A union of literals and other types cannot be told apart; write an interface for each, with a literal member such as kind.',
      );
    }
    if (
      others.every((type) => type.kind !== 'named' || this.#resolver.types[type.name]) &&
      !others.some((type) => this.#isWaiting(type))
    ) {
      return this.#tagged(others, node, scope);
    }
    // The number keeps unions apart while they have no content.
    const union: Union = { kind: 'union', tag: `?${this.#waiting.length}`, variants: [] };
    this.#waiting.push({ union, others, node, scope });
    return union;
  }

  #tagged(others: readonly WireType[], node: TSType, scope: Scope): Union {
    const structs = others.flatMap((type) => this.#variants(type));
    const untagged = () =>
      scope.module.error(
        node,
        "This union cannot be told apart on the wire; give each of its interfaces the same member with a literal of its own, such as kind: 'a'.",
      );
    if (structs.some(({ struct }) => struct === undefined)) throw untagged();
    const tag = structs[0]!.struct!.members.find(({ name }) =>
      tells(
        name,
        structs.map(({ struct }) => struct!),
      ),
    )?.name;
    if (tag === undefined) throw untagged();
    const variants = structs.flatMap(({ type, struct }) => {
      const values = literalsOf(struct!, tag)!;
      if (values.length === 1) return [{ value: values[0]!, type }];
      // One interface for several tags: a struct for each.
      return values.map((value) => ({ value, type: narrowed(struct!, tag, value) }));
    });
    return { kind: 'union', tag, variants };
  }

  /** A union among the members of a union brings its variants along. */
  #variants(type: WireType): { type: WireType; struct: Struct | undefined }[] {
    const target = type.kind === 'named' ? this.#resolver.types[type.name] : type;
    if (target?.kind === 'union') return target.variants.flatMap((variant) => this.#variants(variant.type));
    return [{ type, struct: target?.kind === 'struct' ? target : undefined }];
  }
}

type Struct = WireType & { kind: 'struct' };

function tells(name: string, structs: readonly Struct[]): boolean {
  const values = structs.map((struct) => literalsOf(struct, name));
  if (values.some((list) => list === undefined)) return false;
  const all = values.flat();
  return new Set(all).size === all.length;
}

function literalsOf(struct: Struct, name: string): Literal[] | undefined {
  const member = struct.members.find((candidate) => candidate.name === name);
  if (!member || member.optional) return undefined;
  if (member.type.kind === 'boolean') return [false, true];
  return member.type.kind === 'literals' ? member.type.values : undefined;
}

function narrowed(struct: Struct, tag: string, value: Literal): Struct {
  const members = struct.members.map((member) =>
    member.name === tag ? { name: tag, type: { kind: 'literals', values: [value] } as WireType } : member,
  );
  return { kind: 'struct', members };
}

function addLiteral(parts: Parts, value: Literal): void {
  if (!parts.literals.includes(value)) parts.literals.push(value);
}

function nameOf(node: TSType & { type: 'TSTypeReference' }): string {
  return node.typeName.type === 'Identifier' ? node.typeName.name : '';
}

function literalOf(node: TSType & { type: 'TSLiteralType' }, scope: Scope): Literal {
  const { literal } = node;
  if (literal.type === 'Literal' && literal.value !== null && typeof literal.value !== 'bigint') return literal.value;
  if (literal.type === 'UnaryExpression' && literal.operator === '-' && literal.argument.type === 'Literal') {
    const { value } = literal.argument;
    // -0 and 0 are one literal.
    if (typeof value === 'number') return value === 0 ? 0 : -value;
  }
  if (literal.type === 'TemplateLiteral' && literal.expressions.length === 0)
    return literal.quasis[0]!.value.cooked ?? '';
  throw scope.module.error(node, 'Only string, number and boolean literals travel; write int64 for a bigint.');
}
