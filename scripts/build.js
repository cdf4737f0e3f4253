// Mirrors every .ts file of the engine and the games (for their tests) one to one into build/ as JavaScript, when something changed since the last time.
// Not a bundle: esbuild's bundling turns top-level const into var, which costs hot loops about half their speed on Node 20.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, 'build');
const stamp = join(out, '.stamp');
const sources = ['engine', 'transport', 'codegen', 'benchmarks', 'scripts', 'games'];
const skipped = new Set(['node_modules', '.skerry', 'golden', 'web']);

function* typescriptFiles(folder) {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!skipped.has(entry.name)) yield* typescriptFiles(path);
    } else if (entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts')) yield path;
  }
}

const modified = (file) => {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return 0;
  }
};

/** Brings build/ up to date; returns how many files were written. Safe when several processes do it at once. */
export async function build() {
  const builder = fileURLToPath(import.meta.url);
  const everything = sources.flatMap((folder) => [...typescriptFiles(join(root, folder))]);
  const target = (file) => join(out, relative(root, file).replace(/\.ts$/, '.js'));
  const rebuildAll = modified(stamp) < modified(builder);
  // Targets carry the time of their source, of which up to a millisecond is lost on the way.
  const stale = everything.filter((file) => rebuildAll || modified(target(file)) + 2 < modified(file));
  const expected = new Set(everything.map(target));
  for (const file of builtFiles(out)) if (!expected.has(file)) rmSync(file, { force: true });
  if (stale.length === 0) return 0;

  const [{ transform }, { init, parse }] = await Promise.all([import('esbuild'), import('es-module-lexer')]);
  await init;
  await Promise.all(
    stale.map(async (file) => {
      const source = readFileSync(file, 'utf8');
      const seen = statSync(file);
      const { code } = await transform(source, {
        loader: 'ts',
        format: 'esm',
        target: 'node20',
        minifySyntax: true,
        sourcemap: 'inline',
        sourcefile: relative(dirname(target(file)), file)
          .split(sep)
          .join('/'),
      });
      const path = target(file);
      mkdirSync(dirname(path), { recursive: true });
      // Written beside and renamed, so that a second process never imports half a file.
      const temporary = `${path}.${process.pid}.tmp`;
      writeFileSync(temporary, withJsSpecifiers(code, parse));
      utimesSync(temporary, seen.atime, seen.mtime);
      renameSync(temporary, path);
    }),
  );
  mkdirSync(out, { recursive: true });
  writeFileSync(stamp, '');
  return stale.length;
}

/** `./x.ts` in an import becomes `./x.js`; everything else, strings and comments included, stays as it is. */
function withJsSpecifiers(code, parse) {
  const [imports] = parse(code);
  let result = '';
  let from = 0;
  for (const { specifier, start, end, type } of imports) {
    if (typeof specifier !== 'string' || !/^\.{1,2}\/.*\.ts$/.test(specifier)) continue;
    const quoted = type === 'dynamic';
    const replacement = specifier.replace(/\.ts$/, '.js');
    result += code.slice(from, start) + (quoted ? JSON.stringify(replacement) : replacement);
    from = end;
  }
  return result + code.slice(from);
}

function* builtFiles(folder) {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* builtFiles(path);
    else if (entry.name.endsWith('.js')) yield path;
  }
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  const started = performance.now();
  const written = await build();
  console.log(`build: ${written} files in ${Math.round(performance.now() - started)} ms`);
}
