import { readFileSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GameBuildError, positionOf } from './build-error.ts';
import { transpile } from './esbuild.ts';
import { type ImportPlace, importsOf } from './import-list.ts';

/** A file that a game consists of. */
export interface SourceModule {
  readonly path: string;
  readonly text: string;
  /** Undefined for what is only copied (JSON and the like). */
  readonly built: { readonly code: string; readonly imports: readonly ImportPlace[] } | undefined;
}

const LOADERS: Record<string, 'ts' | 'js' | undefined> = { '.ts': 'ts', '.mts': 'ts', '.js': 'js', '.mjs': 'js' };

/** Text of a file; undefined when there is none. */
export function readSource(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

export function isRelative(specifier: string): boolean {
  return /^\.\.?\//.test(specifier);
}

/** The modules of a game: some files and all that they import relatively, each transpiled. */
export class GameSource {
  readonly modules = new Map<string, SourceModule>();

  /** Adds a file with everything behind it. Throws GameBuildError for a syntax error or a missing import. */
  async add(path: string): Promise<void> {
    if (this.modules.has(path)) return;
    let wave = [path];
    while (wave.length > 0) {
      const read = await Promise.all(wave.map((file) => readModule(file)));
      for (const module of read) this.modules.set(module.path, module);
      const next = read.flatMap((module) => this.targetsOf(module));
      wave = [...new Set(next)].filter((file) => !this.modules.has(file));
    }
  }

  /** Paths of everything that a module imports relatively. */
  targetsOf({ path, text, built }: SourceModule): string[] {
    return (built?.imports ?? [])
      .filter(({ specifier }) => isRelative(specifier))
      .map(({ specifier }) => this.targetOf(path, text, specifier));
  }

  /** Where a relative import leads. `./x.js` means x.ts where only that is there, as the compiler has it. */
  targetOf(from: string, text: string, specifier: string): string {
    const target = resolve(dirname(from), specifier.replace(/[?#].*$/, ''));
    if (this.modules.has(target) || readSource(target) !== undefined) return target;
    const typescript = target.replace(/\.(m?)js$/, '.$1ts');
    if (typescript !== target && readSource(typescript) !== undefined) return typescript;
    const advice = readSource(`${target}.ts`) === undefined ? '' : `; write '${specifier}.ts'`;
    throw new GameBuildError(`${placeOf(from, text, specifier)}: There is no '${specifier}' to import${advice}.`);
  }
}

async function readModule(path: string): Promise<SourceModule> {
  const text = readSource(path);
  if (text === undefined) throw new GameBuildError(`There is no file ${path}.`);
  const loader = LOADERS[extname(path)];
  if (!loader) return { path, text, built: undefined };
  const url = pathToFileURL(path).href;
  // Assets stand beside the source, not beside what is built from it.
  const define = {
    'import.meta.url': JSON.stringify(url),
    'import.meta.filename': JSON.stringify(path),
    'import.meta.dirname': JSON.stringify(dirname(path)),
  };
  const code = await transpile(text, { path, loader, define, sourceUrl: url });
  return { path, text, built: { code, imports: await importsOf(code) } };
}

/** `file:line:column` of an import in the source, which knows it only as text. */
function placeOf(path: string, text: string, specifier: string): string {
  const offset = Math.max(text.indexOf(`'${specifier}'`), text.indexOf(`"${specifier}"`));
  if (offset < 0) return path;
  const { line, column } = positionOf(text, offset);
  return `${path}:${line}:${column}`;
}
