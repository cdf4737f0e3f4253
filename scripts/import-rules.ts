/** Rules about who may import what. Tests, scripts and benchmarks stand outside of the layers. */

import { layerOf, mayImport } from './layers.ts';
import type { Rule, Violation } from './rule.ts';
import { type Import, packageOf, type SourceFile, type SourceTree } from './source-tree.ts';

const OWN_NAME = 'skerry';

const isPackage = ({ specifier, path }: Import): boolean =>
  path === undefined && !specifier.startsWith('node:') && packageOf(specifier) !== OWN_NAME;

/** Code that ships: no tests, no tools. */
const shipped = (file: SourceFile): boolean =>
  file.isIn('engine', 'transport', 'codegen') && !file.isTest && file.path.endsWith('.ts');

const downwards: Rule = {
  name: 'layers',
  severity: 'error',
  *check(tree) {
    // main.js builds a fresh checkout before it loads the engine, so it reaches into scripts/.
    for (const file of tree.code.filter(({ path }) => path !== 'engine/main.js')) {
      const from = layerOf(file.path);
      if (from === undefined) {
        if (file.isIn('engine', 'transport', 'codegen')) {
          yield {
            file: file.path,
            line: 1,
            advice: 'give this folder a row in scripts/layers.ts and in ARCHITECTURE.md',
          };
        }
        continue;
      }
      for (const { path, line } of file.imports) {
        const to = path === undefined ? undefined : layerOf(path);
        if (to === undefined) continue;
        if (file.isTest ? to.name !== 'benchmarks' || from.name === 'benchmarks' : mayImport(from, to)) continue;
        yield {
          file: file.path,
          line,
          advice: `${from.name} does not import ${to.name} (${path}): declare a small interface here and take the implementation in the constructor`,
        };
      }
    }
  },
};

const gamesStayOutside: Rule = {
  name: 'games',
  severity: 'error',
  *check(tree) {
    for (const file of tree.code.filter((one) => one.isIn('games') && !one.isTest)) {
      const folder = file.path.split('/').slice(0, 2).join('/');
      for (const { specifier, path, line } of file.imports) {
        const isAllowed = packageOf(specifier) === OWN_NAME || specifier.startsWith('node:');
        if (path === undefined ? isAllowed : path.startsWith(`${folder}/`)) continue;
        yield {
          file: file.path,
          line,
          advice: `a game imports 'skerry' and files of its own folder, not '${specifier}'`,
        };
      }
    }
    for (const file of tree.code.filter(shipped)) {
      for (const { specifier, path, line } of file.imports) {
        if (packageOf(specifier) === OWN_NAME) {
          yield {
            file: file.path,
            line,
            advice: `import the file that declares it, not the package's own '${specifier}'`,
          };
        } else if (path?.startsWith('games/')) {
          yield { file: file.path, line, advice: `the engine knows no game: take what ${path} gives as an option` };
        }
      }
    }
  },
};

const noCycles: Rule = {
  name: 'cycles',
  severity: 'error',
  *check(tree) {
    for (const cycle of cyclesOf(tree)) {
      const [first, second] = cycle as [string, string];
      const edge = tree.file(first)!.imports.find(({ path }) => path === second);
      yield {
        file: first,
        line: edge?.line ?? 1,
        advice: `move what both sides need into a file of its own: ${[...cycle, first].join(' -> ')}`,
      };
    }
  },
};

/** One cycle for each knot of files that reach each other: a shortest one through the knot's first file. */
function* cyclesOf(tree: SourceTree): Generator<string[]> {
  const done = new Set<string>();
  for (const { path } of tree.code) {
    if (done.has(path)) continue;
    const cycle = shortestCycle(tree, path);
    if (cycle === undefined) continue;
    for (const member of cycle) done.add(member);
    yield cycle;
  }
}

function shortestCycle(tree: SourceTree, start: string): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const { path } of tree.file(at)?.imports ?? []) {
      if (path === start) {
        const chain = [at];
        while (chain[0] !== start) chain.unshift(cameFrom.get(chain[0]!)!);
        return chain;
      }
      if (path === undefined || cameFrom.has(path) || !tree.file(path)?.isCode) continue;
      cameFrom.set(path, at);
      queue.push(path);
    }
  }
  return undefined;
}

const oneImporter: Rule = {
  name: 'one-importer',
  severity: 'error',
  *check(tree) {
    const importers = new Map<string, Violation[]>();
    for (const file of tree.code.filter(shipped)) {
      const seen = new Set<string>();
      for (const one of file.imports) {
        const name = packageOf(one.specifier);
        if (one.typeOnly || !isPackage(one) || seen.has(name)) continue;
        seen.add(name);
        importers.set(name, [...(importers.get(name) ?? []), { file: file.path, line: one.line, advice: '' }]);
      }
    }
    for (const [name, [first, ...more]] of importers) {
      for (const { file, line } of more) {
        yield { file, line, advice: `'${name}' is imported by ${first!.file} alone: export what you need from there` };
      }
    }
  },
};

const declaredPackages: Rule = {
  name: 'dependencies',
  severity: 'error',
  *check(tree) {
    const manifest = JSON.parse(tree.file('package.json')?.text ?? '{}');
    // What users bring along themselves when they want what needs it.
    const runtime = new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }));
    const development = new Set(Object.keys(manifest.devDependencies ?? {}));
    for (const file of tree.code.filter((one) => !one.isIn('games'))) {
      for (const one of file.imports.filter(isPackage)) {
        const name = packageOf(one.specifier);
        if (runtime.has(name) || (development.has(name) && (one.typeOnly || !shipped(file)))) continue;
        const advice = development.has(name)
          ? `'${name}' is a devDependency: an installed package could not load this file`
          : `'${name}' is not in package.json`;
        yield { file: file.path, line: one.line, advice };
      }
    }
  },
};

const browserSafe: Rule = {
  name: 'browser',
  severity: 'error',
  *check(tree) {
    const queue = tree.code.filter((file) => file.isIn('engine/client') && shipped(file)).map(({ path }) => path);
    const seen = new Set(queue);
    for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
      for (const { specifier, path, typeOnly, line } of tree.file(at)?.imports ?? []) {
        if (typeOnly) continue;
        if (specifier.startsWith('node:')) {
          yield { file: at, line, advice: `the client loads this file in browsers, which have no '${specifier}'` };
        } else if (path !== undefined && !seen.has(path)) {
          seen.add(path);
          queue.push(path);
        }
      }
    }
  },
};

export const importRules: readonly Rule[] = [
  downwards,
  gamesStayOutside,
  noCycles,
  oneImporter,
  declaredPackages,
  browserSafe,
];
