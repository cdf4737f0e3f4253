/** The files of the house as the rules see them: text, imports with their lines, and the syntax tree on demand. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { parseSync } from 'oxc-parser';

/** An ESTree node as the parser gives it; rules look at a handful of kinds and never keep one. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [member: string]: any;
}

export interface Import {
  readonly specifier: string;
  /** The file meant by a relative specifier, from the root; undefined for packages and builtins. */
  readonly path: string | undefined;
  readonly typeOnly: boolean;
  readonly line: number;
}

const IGNORED = new Set(['node_modules', 'build', '.skerry', 'data', '.git', 'golden']);
const TEXT = /\.(?:ts|js|mjs|cjs|json|md|ya?ml|html|css|sh|txt)$|(?:^|\/)(?:\.ci\/run|\.npmrc|LICENSE)$/;

export class SourceFile {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  #program: SyntaxNode | undefined;
  #imports: readonly Import[] | undefined;

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
  }

  get isCode(): boolean {
    return /\.[cm]?[tj]s$/.test(this.path);
  }

  /** A test, or what tests are made of: cases every link passes, models to compare with, other ends. */
  get isTest(): boolean {
    return /\.(?:test|conformance|fixture|model|peer)\.[tj]s$/.test(this.path);
  }

  /** In any of these folders. */
  isIn(...folders: readonly string[]): boolean {
    return folders.some((folder) => this.path.startsWith(`${folder}/`));
  }

  get program(): SyntaxNode {
    this.#program ??= parse(this.path, this.text);
    return this.#program;
  }

  get imports(): readonly Import[] {
    this.#imports ??= [...importsOf(this)];
    return this.#imports;
  }

  /** From 1. */
  lineAt(offset: number): number {
    let line = 1;
    for (let at = this.text.indexOf('\n'); at !== -1 && at < offset; at = this.text.indexOf('\n', at + 1)) line++;
    return line;
  }
}

export class SourceTree {
  readonly files: readonly SourceFile[];
  readonly #byPath: ReadonlyMap<string, SourceFile>;

  constructor(files: readonly SourceFile[]) {
    this.files = files;
    this.#byPath = new Map(files.map((file) => [file.path, file]));
  }

  file(path: string): SourceFile | undefined {
    return this.#byPath.get(path);
  }

  get code(): readonly SourceFile[] {
    return this.files.filter((file) => file.isCode);
  }
}

/** Reads every text file below `root`, generated and installed folders left out. */
export function readSourceTree(root: string): SourceTree {
  const files: SourceFile[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      const name = relative(root, path).split(sep).join('/');
      if (entry.isDirectory()) {
        if (!IGNORED.has(entry.name)) walk(path);
      } else if (entry.isFile() && TEXT.test(name)) files.push(new SourceFile(name, readFileSync(path, 'utf8')));
    }
  };
  walk(root);
  return new SourceTree(files.sort((a, b) => (a.path < b.path ? -1 : 1)));
}

function parse(path: string, text: string): SyntaxNode {
  const { program, errors } = parseSync(path, text, { sourceType: 'module' });
  const first = errors[0];
  if (first) throw new SyntaxError(`${path}: ${first.message}`);
  return program as unknown as SyntaxNode;
}

/** Every node below and including `node`, with the node that holds it. */
export function* nodes(node: SyntaxNode, parent?: SyntaxNode): Generator<[SyntaxNode, SyntaxNode | undefined]> {
  yield [node, parent];
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) yield* nodes(item, node);
    } else if (isNode(value)) yield* nodes(value, node);
  }
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as SyntaxNode).type === 'string';
}

function* importsOf(file: SourceFile): Generator<Import> {
  for (const [node] of nodes(file.program)) {
    const source = importedBy(node);
    if (source?.type !== 'Literal' || typeof source.value !== 'string') continue;
    yield {
      specifier: source.value,
      path: source.value.startsWith('.') ? posix.join(posix.dirname(file.path), source.value) : undefined,
      typeOnly: isTypeOnly(node),
      line: file.lineAt(node.start),
    };
  }
}

function importedBy(node: SyntaxNode): SyntaxNode | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return node.source ?? node.argument ?? undefined;
    case 'CallExpression':
      return node.callee.name === 'require' ? node.arguments[0] : undefined;
    default:
      return undefined;
  }
}

function isTypeOnly(node: SyntaxNode): boolean {
  if (node.type === 'TSImportType' || node.importKind === 'type' || node.exportKind === 'type') return true;
  const specifiers: SyntaxNode[] = node.specifiers ?? [];
  return (
    specifiers.length > 0 && specifiers.every(({ importKind, exportKind }) => (importKind ?? exportKind) === 'type')
  );
}

/** Of `@scope/name/deep/file` and `name/deep`, the package. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
