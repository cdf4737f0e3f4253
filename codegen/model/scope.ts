import type { WireType, WireTypes } from '../../engine/contract/wire-type.ts';
import type { Declaration, Module } from './module.ts';
import type { TSType, TSTypeName, TSTypeReference } from './parse.ts';

/** Where a type is written: its file, and what the type parameters around it stand for. */
export interface Scope {
  readonly module: Module;
  readonly parameters: ReadonlyMap<string, WireType>;
}

/** An interface or alias: what has a body to read. */
export type Body = Declaration & { kind: 'interface' | 'alias' };

/** What the reader of unions asks of the reader of all types. */
export interface TypeReader {
  /** Named types that are read to their end. */
  readonly types: WireTypes;
  resolve(node: TSType, scope: Scope): WireType;
  /** A declaration of the type space, of the engine, or undefined for a global. */
  lookup(name: TSTypeName, scope: Scope): Declaration | { engine: string } | undefined;
  /** Scope inside of a declaration, with type arguments (or defaults) in the place of its parameters. */
  inside(declaration: Body, args: readonly WireType[], at: { start: number }, scope: Scope): Scope;
  args(node: TSTypeReference, scope: Scope): WireType[];
}
