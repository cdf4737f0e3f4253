import { dirname, join, relative, sep } from 'node:path';
import type { ContractModel } from '../engine/contract/wire-type.ts';
import { checkComputeFile, computeFilesOf } from './compute-files.ts';
import { GameSource, isRelative, readSource, type SourceModule } from './game-source.ts';
import { generateFrom } from './generate.ts';
import { withSpecifiers } from './import-list.ts';
import { readContracts } from './model/game-model.ts';

/** Where a game finds the engine: URLs of its doors by specifier. */
export type Doors = Readonly<Record<string, string>>;

export interface CompiledGame {
  /** Contents by path inside of the build folder. */
  files: Map<string, string>;
  /** Path of the built game inside of the build folder. */
  game: string;
  generated: string;
  manifest: string;
  contracts: ContractModel[];
  /** Everything that was read: texts by absolute path. */
  sources: Map<string, string>;
  /** Built files, inside of the build folder, by the absolute path of their source. */
  modules: Map<string, string>;
}

const GENERATED = 'skerry-generated.js';

/** Reads a game from its file on and builds it in memory. Throws GameBuildError. */
export async function compileGame(gameFile: string, doors: Doors): Promise<CompiledGame> {
  const source = new GameSource();
  await source.add(gameFile);
  const text = source.modules.get(gameFile)!.text;
  for (const file of computeFilesOf(gameFile, text)) {
    const path = source.targetOf(gameFile, text, file);
    await source.add(path);
    checkComputeFile(path, source.modules.get(path)!.text);
  }

  const roots = [...source.modules.keys()].filter((path) => path.endsWith('.ts'));
  const model = readContracts(roots, readSource);
  // A contract that is only mentioned as a type is a part of the game all the same.
  for (const { file } of model.sources) await source.add(file);
  const layout = new Layout([...source.modules.keys()]);
  const { module, manifest } = generateFrom(model, (file) => layout.specifier(file), doors['skerry/generated']!);

  const files = new Map<string, string>();
  const modules = new Map<string, string>();
  for (const one of source.modules.values()) {
    const path = layout.pathOf(one.path);
    modules.set(one.path, path);
    files.set(path, rewritten(one, source, layout, doors));
  }
  files.set(GENERATED, module);
  const sources = new Map([...source.modules.values()].map((one) => [one.path, one.text]));
  for (const path of model.files) sources.set(path, sources.get(path) ?? readSource(path) ?? '');
  return {
    files,
    game: layout.pathOf(gameFile),
    generated: GENERATED,
    manifest,
    contracts: model.contracts,
    sources,
    modules,
  };
}

function rewritten({ path, text, built }: SourceModule, source: GameSource, layout: Layout, doors: Doors): string {
  if (!built) return text;
  return withSpecifiers(built.code, built.imports, (specifier) => {
    if (!isRelative(specifier)) return doors[specifier];
    const target = layout.pathOf(source.targetOf(path, text, specifier));
    const from = posix(relative(dirname(layout.pathOf(path)), target));
    return isRelative(from) ? from : `./${from}`;
  });
}

/** The build folder mirrors the sources from their deepest common folder on. */
class Layout {
  readonly #root: string;

  constructor(files: readonly string[]) {
    let root = dirname(files[0]!);
    while (!files.every((file) => file.startsWith(join(root, sep)))) root = dirname(root);
    this.#root = root;
  }

  pathOf(file: string): string {
    return posix(relative(this.#root, file)).replace(/\.(m?)ts$/, '.$1js');
  }

  /** As the generated module, at the top of the build folder, imports it. */
  specifier(file: string): string {
    return `./${this.pathOf(file)}`;
  }
}

function posix(path: string): string {
  return path.split(sep).join('/');
}
