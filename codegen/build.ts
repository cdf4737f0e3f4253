import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ContractModel } from '../engine/contract/wire-type.ts';
import { GameBuildError } from './build-error.ts';
import { BuildFolders, type BuildRecord, hashOf } from './build-folder.ts';
import { readSource } from './game-source.ts';

export interface BuildOptions {
  /** The folder of the engine's own build (with engine/index.js in it); the one that this code runs from when left out. */
  engineRoot?: URL;
}

export interface BuiltGame {
  /** File URL of the built game: its default export is the game. */
  game: string;
  /** File URL of the generated module, which exports `generated`. */
  generated: string;
  /** The build folder. */
  folder: string;
  contracts: ContractModel[];
  /** Path of the manifest that belongs under version control. */
  manifest: string;
  /** It was missing or said something else; it was written, unless `warnings` says that it could not be. */
  manifestChanged: boolean;
  warnings: string[];
  /** Absolute paths of everything that the game was built from. */
  sources: string[];
  /** File URLs of built modules by the absolute path of their source: `compute` files among them. */
  modules: Record<string, string>;
}

/** Modules of the engine that built games load, inside of its build. */
const DOORS: Readonly<Record<string, string>> = {
  skerry: 'engine/index.js',
  'skerry/client': 'engine/client/index.js',
  'skerry/testing': 'engine/testing/index.js',
  'skerry/generated': 'engine/generated.js',
};

/**
 * Builds a game into a folder of its own, or finds it built. Several hosts may do so at once. Throws GameBuildError (ContractSourceError
 * for a contract) with one message that says it all.
 */
export async function buildGame(gameFile: string, options: BuildOptions = {}): Promise<BuiltGame> {
  const path = resolve(gameFile);
  if (readSource(path) === undefined) throw new GameBuildError(`There is no game file ${path}.`);
  const engineRoot = options.engineRoot ?? new URL('../', import.meta.url);
  const engine = fingerprintOfEngine(engineRoot);
  const folders = BuildFolders.beside(path);
  const found = folders.find(engine, path) ?? (await buildAnew(path, engine, engineRoot, folders));
  const manifest = join(dirname(path), 'manifest.json');
  const { manifestChanged, warnings } = writeManifest(manifest, found.record.manifest);
  if (!found.folder.startsWith(dirname(path))) {
    warnings.push(`${dirname(path)} cannot be written to; the game was built in ${found.folder}.`);
  }
  return { ...describe(found.folder, found.record), manifest, manifestChanged, warnings };
}

async function buildAnew(
  path: string,
  engine: string,
  engineRoot: URL,
  folders: BuildFolders,
): Promise<{ folder: string; record: BuildRecord }> {
  // The compiler and the parser are loaded only now: most starts find their game built.
  const { compileGame } = await import('./compile.ts');
  const doors = Object.fromEntries(Object.entries(DOORS).map(([name, file]) => [name, new URL(file, engineRoot).href]));
  const { files, sources, modules, game, generated, manifest, contracts } = await compileGame(path, doors);
  const record: BuildRecord = {
    engine,
    gameFile: path,
    sources: Object.fromEntries([...sources].sort().map(([source, text]) => [source, hashOf(text)])),
    game,
    generated,
    manifest,
    contracts,
    modules: Object.fromEntries(modules),
  };
  return { folder: folders.add(record, files), record };
}

function describe(folder: string, record: BuildRecord): Omit<BuiltGame, 'manifest' | 'manifestChanged' | 'warnings'> {
  const urlOf = (file: string): string => pathToFileURL(join(folder, file)).href;
  return {
    game: urlOf(record.game),
    generated: urlOf(record.generated),
    folder,
    contracts: record.contracts,
    sources: Object.keys(record.sources),
    modules: Object.fromEntries(Object.entries(record.modules).map(([source, file]) => [source, urlOf(file)])),
  };
}

/** Of everything that decides what is built: this code, the packages it uses, and where built games find the engine. */
function fingerprintOfEngine(engineRoot: URL): string {
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const own = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js') && !/\.(test|fuzz|fixture)\.js$/.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8'));
  const packageText = readSource(fileURLToPath(new URL('../package.json', engineRoot))) ?? '';
  return hashOf(JSON.stringify([engineRoot.href, packageText, own]));
}

function writeManifest(path: string, text: string): { manifestChanged: boolean; warnings: string[] } {
  if (readSource(path) === text) return { manifestChanged: false, warnings: [] };
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, path);
    return { manifestChanged: true, warnings: [] };
  } catch (error) {
    rmSync(temporary, { force: true });
    const reason = error instanceof Error ? error.message : String(error);
    return {
      manifestChanged: true,
      warnings: [`The manifest ${path} is out of date and could not be written: ${reason}`],
    };
  }
}
