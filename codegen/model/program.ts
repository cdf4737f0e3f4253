import { dirname, resolve } from 'node:path';
import { type Declaration, type Import, Module } from './module.ts';
import { parseSource } from './parse.ts';

/** Text of a file, or undefined when there is none. */
export type ReadFile = (path: string) => string | undefined;

export const ENGINE_DOOR = 'skerry';

/** All modules that can be reached from some files by relative imports, types included. */
export class ProgramModules {
  readonly modules = new Map<string, Module>();
  readonly #read: ReadFile;

  constructor(files: readonly string[], read: ReadFile) {
    this.#read = read;
    for (const file of files) this.#load(file);
    for (const module of this.modules.values()) {
      for (const { specifier } of module.relativeImports()) {
        const path = this.#pathOf(module, specifier);
        if (path !== undefined) this.#load(path);
      }
    }
  }

  #load(path: string): void {
    if (this.modules.has(path) || !path.endsWith('.ts')) return;
    const text = this.#read(path);
    if (text !== undefined) this.modules.set(path, new Module(parseSource(path, text)));
  }

  /** `./x.js` means x.ts where only that is there, as the compiler has it. */
  #pathOf(module: Module, specifier: string): string | undefined {
    const path = resolve(dirname(module.source.path), specifier);
    if (path.endsWith('.ts')) return path;
    const typescript = path.replace(/\.js$/, '.ts');
    return typescript !== path && this.#read(path) === undefined ? typescript : undefined;
  }

  /** What a local name of the type space means; `{ engine }` for a name of the engine's door; undefined for a global or unknown one. */
  lookup(module: Module, name: string): Declaration | { engine: string } | undefined {
    const declaration = module.declarations.get(name);
    if (declaration) return declaration;
    const imported = module.imports.get(name);
    return imported && this.#follow(module, imported);
  }

  /** A member of `import * as ns`. */
  lookupMember(module: Module, namespace: string, name: string): Declaration | { engine: string } | undefined {
    const imported = module.imports.get(namespace);
    return imported?.name === '*' ? this.#follow(module, { ...imported, name }) : undefined;
  }

  #follow(module: Module, { specifier, name, start }: Import): Declaration | { engine: string } {
    if (specifier === ENGINE_DOOR) return { engine: name };
    if (!/^\.\.?\//.test(specifier)) {
      throw module.error(
        { start },
        `The generator does not read '${specifier}'; declare ${name} in a file of the game.`,
      );
    }
    const path = this.#pathOf(module, specifier);
    const target = path === undefined ? undefined : this.modules.get(path);
    if (!target)
      throw module.error({ start }, `There is no '${specifier}' (with its extension .ts) to import ${name} from.`);
    const found = this.#exported(target, name, new Set());
    if (!found) throw module.error({ start }, `'${specifier}' exports no type ${name}.`);
    return found;
  }

  #exported(module: Module, name: string, seen: Set<Module>): Declaration | { engine: string } | undefined {
    if (seen.has(module)) return undefined;
    seen.add(module);
    const exported = module.exports.get(name);
    if (exported) {
      return 'local' in exported ? this.lookup(module, exported.local) : this.#follow(module, exported);
    }
    for (const star of module.stars) {
      if (star.specifier === ENGINE_DOOR) {
        if (ENGINE_TYPES.has(name)) return { engine: name };
        continue;
      }
      const path = this.#pathOf(module, star.specifier);
      const target = path === undefined ? undefined : this.modules.get(path);
      const found = target && this.#exported(target, name, seen);
      if (found) return found;
    }
    return undefined;
  }
}

/** The wire types that games import by name. */
export const ENGINE_TYPES: ReadonlySet<string> = new Set([
  'int8',
  'int16',
  'int32',
  'uint8',
  'uint16',
  'uint32',
  'float32',
  'int64',
  'uint64',
]);
