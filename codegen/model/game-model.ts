import type { ContractModel, Member, OperationModel, WireType, WireTypes } from '../../engine/contract/wire-type.ts';
import { findContracts } from './contract-call.ts';
import type { ContractCall, Module } from './module.ts';
import type { Expression, TSMethodSignature, TSSignature, TSType } from './parse.ts';
import { ProgramModules, type ReadFile } from './program.ts';
import { mapType, markRecursion } from './recursion.ts';
import { TypeResolver } from './resolver.ts';
import type { Body, Scope } from './scope.ts';
import { sizesOf } from './size.ts';

/** All that the contract modules of a game say. */
export interface GameModel {
  /** Sorted by name, and so are the operations of each. */
  contracts: ContractModel[];
  types: WireTypes;
  /** Where each contract's constant is, in the order of `contracts`. */
  sources: ContractSource[];
  /** Every file that was read. */
  files: string[];
}

export interface ContractSource {
  file: string;
  exportName: string;
}

/** Codes are 16 bits; those from 0xff00 on belong to the engine. */
const OPERATIONS_MAX = 0xff00;

/** Names with which a proxy would not be what it is: thenable, without its address, or broken for everybody who prints it. */
const RESERVED = new Set(['then', 'constructor', 'toString', 'toJSON', 'valueOf', '__proto__']);

interface Method {
  name: string;
  node: TSSignature;
  scope: Scope;
}

/**
 * Reads the contracts in `files` (absolute paths) and in everything they import relatively. Throws ContractSourceError for whatever is
 * not supported or not clear.
 */
export function readContracts(files: readonly string[], read: ReadFile): GameModel {
  const program = new ProgramModules(files, read);
  const calls = findContracts(program);
  const interfaces = new Map<object, string>();
  const declarations = new Map<ContractCall, Body>();
  for (const call of calls) {
    const declaration = interfaceOf(program, call);
    declarations.set(call, declaration);
    const other = interfaces.get(declaration.node);
    if (other !== undefined) {
      throw call.module.error(
        call.interfaceType,
        `${declaration.node.id.name} is the interface of '${other}' already; give each contract its own.`,
      );
    }
    interfaces.set(declaration.node, call.name);
  }
  const resolver = new TypeResolver(program, ({ node }) => interfaces.get(node));
  const sorted = [...calls].sort((a, b) => (a.name < b.name ? -1 : 1));
  const contracts = sorted.map((call) => readContract(program, resolver, call, declarations.get(call)!));
  resolver.finish();
  const count = contracts.reduce((sum, { operations }) => sum + operations.length, 0);
  if (count > OPERATIONS_MAX)
    throw new RangeError(`A game has at most ${OPERATIONS_MAX} operations, this one ${count}.`);
  const types = markRecursion(resolver.types, contracts.flatMap(typesOf));
  refuseEndless(types, resolver);
  return {
    contracts: contracts.map((contract) => withoutSharing(contract)),
    types,
    sources: sorted.map(({ module, exportName }) => ({ file: module.source.path, exportName })),
    files: [...program.modules.keys()],
  };
}

function typesOf(contract: ContractModel): WireType[] {
  return contract.operations.flatMap(({ parameters, result }) => [
    ...parameters.map(({ type }) => type),
    ...(result ? [result] : []),
  ]);
}

/** Unions that were completed late stand in several places; plain data has no identities. */
function withoutSharing(contract: ContractModel): ContractModel {
  const copy = (type: WireType): WireType => mapType(type, (part) => part);
  return {
    name: contract.name,
    operations: contract.operations.map((operation) => ({
      ...operation,
      parameters: operation.parameters.map((parameter) => ({ ...parameter, type: copy(parameter.type) })),
      ...(operation.result && { result: copy(operation.result) }),
    })),
  };
}

function refuseEndless(types: WireTypes, resolver: TypeResolver): void {
  const sizes = sizesOf(types);
  for (const [name, type] of Object.entries(types)) {
    if (sizes.least(type) === Number.POSITIVE_INFINITY) {
      throw resolver.errorAt(
        name,
        `${name} holds itself without an end; make one of its members optional, nullable or an array.`,
      );
    }
  }
}

function interfaceOf(program: ProgramModules, call: ContractCall): Body {
  const { module, interfaceType } = call;
  const name = interfaceType.typeName;
  const declaration = name.type === 'Identifier' ? program.lookup(module, name.name) : undefined;
  if (declaration && !('engine' in declaration) && !interfaceType.typeArguments) {
    if (declaration.kind === 'interface' && !declaration.node.typeParameters) return declaration;
    if (
      declaration.kind === 'alias' &&
      declaration.node.typeAnnotation.type === 'TSTypeLiteral' &&
      !declaration.node.typeParameters
    ) {
      return declaration;
    }
  }
  throw module.error(
    interfaceType,
    "The type of a contract is an interface without type parameters: contract<Hero>('Hero', { … }).",
  );
}

function readContract(
  program: ProgramModules,
  resolver: TypeResolver,
  call: ContractCall,
  declaration: Body,
): ContractModel {
  const methods = methodsOf(program, resolver, declaration, []);
  const exactlyOnce = checkTable(call, methods);
  return {
    name: call.name,
    // Sorted: where a method stands in the source is nobody's business on the wire.
    operations: methods
      .map((method) => readOperation(resolver, call, method))
      .map((operation) => withDelivery(call, operation, exactlyOnce.get(operation.name)))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** Inherited ones first; a method declared again takes the place of the inherited one. */
function methodsOf(
  program: ProgramModules,
  resolver: TypeResolver,
  declaration: Body,
  heirs: readonly object[],
): Method[] {
  const { module, node } = declaration;
  const scope: Scope = { module, parameters: new Map() };
  if (heirs.includes(node)) throw module.error(node, `${node.id.name} extends itself.`);
  const methods: Method[] = [];
  if (declaration.kind === 'interface') {
    for (const heritage of declaration.node.extends) {
      const base =
        heritage.expression.type === 'Identifier' ? program.lookup(module, heritage.expression.name) : undefined;
      if (
        !base ||
        'engine' in base ||
        base.kind !== 'interface' ||
        heritage.typeArguments ||
        base.node.typeParameters
      ) {
        throw module.error(heritage, 'A contract extends interfaces of the game without type parameters.');
      }
      for (const method of methodsOf(program, resolver, base, [...heirs, node])) addMethod(methods, method);
    }
  }
  const own =
    declaration.kind === 'interface' ? declaration.node.body.body : (declaration.node.typeAnnotation as any).members;
  const names = new Set<string>();
  for (const signature of own as TSSignature[]) {
    const name = resolver.memberName(signature, scope);
    if (names.has(name))
      throw module.error(signature, `${name} has several signatures; give each operation a name of its own.`);
    names.add(name);
    addMethod(methods, { name, node: signature, scope });
  }
  return methods;
}

function addMethod(methods: Method[], method: Method): void {
  const i = methods.findIndex(({ name }) => name === method.name);
  if (i < 0) methods.push(method);
  else methods[i] = method;
}

/** Returns where it says `exactlyOnce: true`, by operation. */
function checkTable(call: ContractCall, methods: readonly Method[]): Map<string, { start: number }> {
  const { module, name, table } = call;
  const rows = new Set<string>();
  const exactlyOnce = new Map<string, { start: number }>();
  for (const property of table.properties) {
    if (
      property.type !== 'Property' ||
      property.computed ||
      (property.key.type !== 'Identifier' && property.key.type !== 'Literal')
    ) {
      throw module.error(
        property,
        `The table of '${name}' is read without running it; write each row as 'method: { … }'.`,
      );
    }
    const row = property.key.type === 'Identifier' ? property.key.name : String(property.key.value);
    if (!methods.some((method) => method.name === row)) {
      throw module.error(
        property,
        `The interface of '${name}' has no method '${row}'; remove the row, or declare the method.`,
      );
    }
    rows.add(row);
    const option = exactlyOnceOf(call, row, property.value);
    if (option !== undefined) exactlyOnce.set(row, option);
  }
  const missing = methods.find((method) => !rows.has(method.name));
  if (missing)
    throw module.error(table, `The table of '${name}' has no row for '${missing.name}'; add '${missing.name}: {}'.`);
  return exactlyOnce;
}

/** The proxy of such an operation is another one, so the generator has to see it: the only option that it reads. */
function exactlyOnceOf(
  { module, name }: ContractCall,
  row: string,
  options: Expression,
): { start: number } | undefined {
  if (options.type !== 'ObjectExpression') return undefined;
  for (const option of options.properties) {
    if (option.type !== 'Property' || option.computed) continue;
    const key = option.key.type === 'Identifier' ? option.key.name : option.key.type === 'Literal' && option.key.value;
    if (key !== 'exactlyOnce') continue;
    const { value } = option;
    if (value.type !== 'Literal' || typeof value.value !== 'boolean') {
      throw module.error(option, `exactlyOnce of ${name}.${row} is read without running it; write true or false.`);
    }
    return value.value ? option : undefined;
  }
  return undefined;
}

function withDelivery(
  { module, name }: ContractCall,
  operation: OperationModel,
  exactlyOnce: { start: number } | undefined,
): OperationModel {
  if (exactlyOnce === undefined) return operation;
  if (operation.returns === 'void') return { ...operation, exactlyOnce: true };
  throw module.error(
    exactlyOnce,
    `${name}.${operation.name} is exactlyOnce, and nobody waits for what is sent again after a crash; let it return void.`,
  );
}

function readOperation(resolver: TypeResolver, call: ContractCall, { name, node, scope }: Method): OperationModel {
  const { module } = scope;
  if (RESERVED.has(name) || name.startsWith('$')) {
    throw module.error(
      node,
      `An operation cannot be called '${name}', which means something else on a proxy; rename it.`,
    );
  }
  const { params, returnType, typeParameters } = signatureOf(node, name, module);
  if (typeParameters) throw module.error(node, `${name} has type parameters; an operation has one fixed signature.`);
  const parameters: Member[] = [];
  for (const parameter of params) {
    const where = `parameter of ${call.name}.${name}`;
    if (parameter.type === 'RestElement')
      throw module.error(parameter, `A rest ${where} has no fixed place; write an array.`);
    if (parameter.type !== 'Identifier') throw module.error(parameter, `A ${where} needs a name of its own.`);
    if (parameter.name === 'this') throw module.error(parameter, `'this' is no ${where}; remove it.`);
    if (!parameter.typeAnnotation)
      throw module.error(parameter, `${parameter.name}, a ${where}, has no type; write one.`);
    if (!parameter.optional && parameters.at(-1)?.optional) {
      throw module.error(
        parameter,
        `Only the last parameters can be optional; write ${parameter.name}?: … too, or move it forward.`,
      );
    }
    parameters.push(
      resolver.member(parameter.name, parameter.typeAnnotation.typeAnnotation, parameter.optional ?? false, scope),
    );
  }
  return { name, parameters, ...returnsOf(resolver, returnType, node, name, scope) };
}

function signatureOf(
  node: TSSignature,
  name: string,
  module: Module,
): Pick<TSMethodSignature, 'params' | 'typeParameters'> & { returnType: TSType | undefined } {
  if (node.type === 'TSMethodSignature' && node.kind === 'method' && !node.optional) {
    return { params: node.params, typeParameters: node.typeParameters, returnType: node.returnType?.typeAnnotation };
  }
  if (node.type === 'TSPropertySignature' && !node.optional) {
    const type = node.typeAnnotation?.typeAnnotation;
    if (type?.type === 'TSFunctionType') {
      return { params: type.params, typeParameters: type.typeParameters, returnType: type.returnType.typeAnnotation };
    }
  }
  throw module.error(node, `${name} is not a method; a contract has only methods, none of them optional.`);
}

function returnsOf(
  resolver: TypeResolver,
  type: TSType | undefined,
  node: TSSignature,
  name: string,
  scope: Scope,
): Pick<OperationModel, 'returns' | 'result'> {
  if (type?.type === 'TSVoidKeyword') return { returns: 'void' };
  if (type?.type === 'TSTypeReference' && type.typeName.type === 'Identifier' && type.typeName.name === 'Promise') {
    const [data, more] = type.typeArguments?.params ?? [];
    if (data && !more) {
      if (data.type === 'TSVoidKeyword') return { returns: 'completion' };
      return { returns: 'value', result: resolver.resolve(data, scope) };
    }
  }
  throw scope.module.error(
    type ?? node,
    `${name} returns void (one way), Promise<void> (completion) or Promise<T> (data), nothing else.`,
  );
}
