import type {
  ObjectExpression,
  SourceFile,
  TSInterfaceDeclaration,
  TSTypeAliasDeclaration,
  TSTypeReference,
} from './parse.ts';
import { ContractSourceError } from './source-error.ts';

/** What a name of the type space stands for. */
export type Declaration =
  | { kind: 'interface'; module: Module; node: TSInterfaceDeclaration }
  | { kind: 'alias'; module: Module; node: TSTypeAliasDeclaration }
  /** Named only to say that it cannot travel. */
  | { kind: 'enum' | 'class'; module: Module; node: { start: number } };

/** `name` is '*' for a namespace. */
export interface Import {
  specifier: string;
  name: string;
  start: number;
}

/** `export const X = contract<I>('Name', { … })` as written. */
export interface ContractCall {
  module: Module;
  exportName: string;
  name: string;
  start: number;
  interfaceType: TSTypeReference;
  table: ObjectExpression;
}

/** One source file: what it declares, takes in and hands out. */
export class Module {
  readonly source: SourceFile;
  readonly declarations = new Map<string, Declaration>();
  readonly imports = new Map<string, Import>();
  /** By exported name: a local name, or a name of another module. */
  readonly exports = new Map<string, { local: string } | Import>();
  /** `export * from …` */
  readonly stars: Import[] = [];

  constructor(source: SourceFile) {
    this.source = source;
    for (const statement of source.program.body) this.#statement(statement);
  }

  error(node: { start: number }, problem: string): ContractSourceError {
    return new ContractSourceError(this.source, node.start, problem);
  }

  /** Relative specifiers of everything that is imported or handed on, types included. */
  relativeImports(): Import[] {
    const all = [...this.imports.values(), ...this.stars];
    for (const exported of this.exports.values()) if ('specifier' in exported) all.push(exported);
    return all.filter(({ specifier }) => /^\.\.?\//.test(specifier));
  }

  #statement(statement: SourceFile['program']['body'][number]): void {
    switch (statement.type) {
      case 'ImportDeclaration':
        for (const specifier of statement.specifiers) {
          const name =
            specifier.type === 'ImportSpecifier'
              ? nameOf(specifier.imported)
              : specifier.type === 'ImportDefaultSpecifier'
                ? 'default'
                : '*';
          this.imports.set(specifier.local.name, { specifier: statement.source.value, name, start: specifier.start });
        }
        return;
      case 'ExportAllDeclaration':
        if (statement.exported === null) {
          this.stars.push({ specifier: statement.source.value, name: '*', start: statement.start });
        }
        return;
      case 'ExportNamedDeclaration':
        if (statement.declaration) this.#declaration(statement.declaration, true);
        for (const { local, exported, start } of statement.specifiers) {
          this.exports.set(
            nameOf(exported),
            statement.source
              ? { specifier: statement.source.value, name: nameOf(local), start }
              : { local: nameOf(local) },
          );
        }
        return;
      case 'ExportDefaultDeclaration':
        if (statement.declaration.type === 'TSInterfaceDeclaration') {
          this.#declaration(statement.declaration, false);
          this.exports.set('default', { local: statement.declaration.id.name });
        } else if (statement.declaration.type === 'Identifier') {
          this.exports.set('default', { local: statement.declaration.name });
        }
        return;
      default:
        this.#declaration(statement, false);
    }
  }

  #declaration(node: any, exported: boolean): void {
    const kind = KINDS[node.type];
    if (kind !== undefined && node.id) {
      const name: string = node.id.name;
      if (this.declarations.has(name) && (kind === 'interface' || kind === 'alias')) {
        throw this.error(node, `${name} is declared twice; write it as one.`);
      }
      this.declarations.set(name, { kind, module: this, node } as Declaration);
      if (exported) this.exports.set(name, { local: name });
    } else if (node.type === 'VariableDeclaration' && exported) {
      for (const { id } of node.declarations) {
        if (id.type === 'Identifier') this.exports.set(id.name, { local: id.name });
      }
    }
  }
}

const KINDS: Record<string, Declaration['kind'] | undefined> = {
  TSInterfaceDeclaration: 'interface',
  TSTypeAliasDeclaration: 'alias',
  TSEnumDeclaration: 'enum',
  ClassDeclaration: 'class',
};

function nameOf(node: { type: string; name?: string; value?: unknown }): string {
  return node.type === 'Literal' ? String(node.value) : node.name!;
}
