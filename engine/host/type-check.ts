/** Type-checks a game with the TypeScript that its project, or the engine's, has installed. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export type TypeCheck =
  | { readonly kind: 'no-typescript' }
  /** `file(line,column): error …`, paths from the working directory, explanations below; empty when all is well. */
  | { readonly kind: 'checked'; readonly errors: readonly string[] };

/** The package's folder: this file runs as build/engine/host/type-check.js. */
const PACKAGE = fileURLToPath(new URL('../../../', import.meta.url));

/** `sources` are the files of the game, its game file first. */
export async function typeCheck(sources: readonly string[]): Promise<TypeCheck> {
  const game = resolve(sources[0]!);
  const typescript = installed('typescript', game);
  if (typescript === undefined) return { kind: 'no-typescript' };

  const folder = join(dirname(game), '.skerry');
  const config = join(folder, `tsconfig.${process.pid}.json`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(config, JSON.stringify(tsconfig(sources, typescript, game)));
  try {
    return { kind: 'checked', errors: await compile(join(typescript, 'bin/tsc'), config) };
  } finally {
    rmSync(config, { force: true });
  }
}

/** The folder of a package, as the game sees it or else as the engine does. */
function installed(name: string, game: string): string | undefined {
  for (const from of [game, join(PACKAGE, 'package.json')]) {
    try {
      return dirname(createRequire(from).resolve(`${name}/package.json`));
    } catch {
      // Not installed there.
    }
  }
  return undefined;
}

function tsconfig(sources: readonly string[], typescript: string, game: string): object {
  const [major, minor] = JSON.parse(readFileSync(join(typescript, 'package.json'), 'utf8'))
    .version.split('.')
    .map(Number);
  const node = installed('@types/node', game);
  return {
    compilerOptions: {
      target: 'es2023',
      lib: ['es2023', 'esnext.disposable', 'dom', 'dom.iterable'],
      // Not nodenext: a game folder needs no package.json, and without one its files would count as CommonJS.
      module: 'esnext',
      moduleResolution: 'bundler',
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noImplicitOverride: true,
      verbatimModuleSyntax: true,
      ...(major > 5 || (major === 5 && minor >= 8) ? { erasableSyntaxOnly: true } : {}),
      allowImportingTsExtensions: true,
      resolveJsonModule: true,
      skipLibCheck: true,
      noEmit: true,
      ...(node === undefined ? { types: [] } : { types: ['node'], typeRoots: [dirname(node)] }),
      // The engine that checks is the engine that will run the game, wherever the game lies.
      paths: {
        skerry: [join(PACKAGE, 'engine/index.ts')],
        'skerry/client': [join(PACKAGE, 'engine/client/index.ts')],
        'skerry/testing': [join(PACKAGE, 'engine/testing/index.ts')],
        'skerry/generated': [join(PACKAGE, 'engine/generated.ts')],
      },
    },
    files: sources.map((file) => resolve(file)),
  };
}

async function compile(tsc: string, config: string): Promise<string[]> {
  const child = spawn(process.execPath, [tsc, '-p', config, '--pretty', 'false'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const code = await new Promise<number | null>((settle, reject) => {
    child.on('error', reject).on('close', settle);
  });
  if (code !== 0 && output.trim() === '') return [`tsc left with ${code}`];
  // Indented lines explain the one above them.
  return output
    .split(/\n(?! )/)
    .map((error) => error.trimEnd())
    .filter((error) => error !== '' && !isForeign(error));
}

/** A game answers for its own files, not for the sources of the engine and of packages. */
function isForeign(error: string): boolean {
  const file = /^(.+?)\(\d+,\d+\): /.exec(error)?.[1];
  if (file === undefined) return false;
  const path = relative(PACKAGE, resolve(file)).replaceAll('\\', '/');
  return /^(?:engine|transport|codegen)\//.test(path) || /(?:^|\/)node_modules\//.test(path);
}
