import type { ContractCall, Module } from './module.ts';
import type { Expression, VariableDeclarator } from './parse.ts';
import { ENGINE_DOOR, type ProgramModules } from './program.ts';

/** Every `export const X = contract<I>('Name', { … })`, in the order of files; the name of each is its own. */
export function findContracts(program: ProgramModules): ContractCall[] {
  const calls: ContractCall[] = [];
  for (const module of program.modules.values()) {
    for (const declarator of constantsOf(module)) {
      const call = contractCall(module, declarator);
      if (!call) continue;
      const other = calls.find(({ name }) => name === call.name);
      if (other) {
        const { line } = other.module.error({ start: other.start }, '');
        throw module.error(
          declarator,
          `'${call.name}' is a contract in ${other.module.source.path}:${line} already; names on the wire are unique.`,
        );
      }
      calls.push(call);
    }
  }
  return calls;
}

function* constantsOf(module: Module): Iterable<VariableDeclarator> {
  for (const statement of module.source.program.body) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (declaration?.type === 'VariableDeclaration') yield* declaration.declarations;
  }
}

function contractCall(module: Module, { id, init, start }: VariableDeclarator): ContractCall | undefined {
  const call = unwrapped(init);
  if (call?.type !== 'CallExpression' || !isContract(module, call.callee)) return undefined;
  if (id.type !== 'Identifier')
    throw module.error({ start }, 'A contract is one constant: export const Hero = contract<Hero>(…).');
  const exportName = exportedAs(module, id.name);
  if (exportName === undefined)
    throw module.error({ start }, `The contract ${id.name} is not exported; write 'export const ${id.name}'.`);
  const [type, moreTypes] = call.typeArguments?.params ?? [];
  if (type?.type !== 'TSTypeReference' || moreTypes) {
    throw module.error(call, `Name the interface of the contract: contract<${id.name}>('${id.name}', { … }).`);
  }
  const [name, table] = call.arguments.map((argument) =>
    argument.type === 'SpreadElement' ? null : unwrapped(argument),
  );
  if (name?.type !== 'Literal' || typeof name.value !== 'string' || name.value === '') {
    throw module.error(name ?? call, "The name of a contract is a plain string: contract<Hero>('Hero', { … }).");
  }
  if (table?.type !== 'ObjectExpression') {
    throw module.error(
      table ?? call,
      `The table of '${name.value}' is read without running it; write it here as { method: {}, … }.`,
    );
  }
  return { module, exportName, name: name.value, start, interfaceType: type, table };
}

function unwrapped(expression: Expression | null): Expression | null {
  if (expression?.type === 'TSSatisfiesExpression' || expression?.type === 'TSAsExpression')
    return unwrapped(expression.expression);
  return expression;
}

function isContract(module: Module, callee: Expression): boolean {
  if (callee.type === 'Identifier') {
    const imported = module.imports.get(callee.name);
    return imported?.specifier === ENGINE_DOOR && imported.name === 'contract';
  }
  if (callee.type !== 'MemberExpression' || callee.object.type !== 'Identifier') return false;
  const imported = module.imports.get(callee.object.name);
  if (imported?.specifier !== ENGINE_DOOR || imported.name !== '*') return false;
  return callee.property.type === 'Identifier' && callee.property.name === 'contract';
}

function exportedAs(module: Module, local: string): string | undefined {
  for (const [name, exported] of module.exports) if ('local' in exported && exported.local === local) return name;
  return undefined;
}
