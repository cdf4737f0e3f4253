import { GameBuildError } from './build-error.ts';

export interface Transpiled {
  path: string;
  loader: 'ts' | 'js';
  /** Replacements for expressions such as `import.meta.url`. */
  define: Record<string, string>;
  /** What stack traces name. */
  sourceUrl: string;
}

/** Types away, nothing else: one module in, one module out, with an inline source map. Throws GameBuildError for a syntax error. */
export async function transpile(text: string, { path, loader, define, sourceUrl }: Transpiled): Promise<string> {
  // Loaded when something has to be built: a start that finds everything built does without.
  const { transform } = await import('esbuild');
  try {
    const { code } = await transform(text, {
      loader,
      define,
      format: 'esm',
      target: 'node20.10',
      sourcemap: 'inline',
      sourcesContent: false,
      sourcefile: sourceUrl,
      logLevel: 'silent',
      // A tsconfig.json nearby has no say: what runs under type stripping runs here.
      tsconfigRaw: { compilerOptions: { useDefineForClassFields: true } },
    });
    return code;
  } catch (error) {
    throw oneMessage(error, path);
  }
}

export interface BrowserBundle {
  /** ECMAScript module, minified. */
  code: Uint8Array;
  map: Uint8Array;
}

/**
 * Bundles a module of a web client. `aliases` are files in the place of bare specifiers: `skerry` for the engine's door for browsers,
 * `skerry/client` for the client. The map is to be served as `<name>.js.map` beside it. Throws GameBuildError.
 */
export async function bundleForBrowser(
  entry: string,
  aliases: Readonly<Record<string, string>>,
): Promise<BrowserBundle> {
  const { build } = await import('esbuild');
  try {
    const { outputFiles } = await build({
      entryPoints: [entry],
      plugins: [exactAliases(aliases)],
      bundle: true,
      write: false,
      outdir: '/',
      entryNames: '[name]',
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      minify: true,
      // Errors are called by the names of their classes.
      keepNames: true,
      sourcemap: 'linked',
      logLevel: 'silent',
      tsconfigRaw: { compilerOptions: { useDefineForClassFields: true } },
    });
    const bundle = outputFiles.find(({ path }) => path.endsWith('.js'))!;
    const map = outputFiles.find(({ path }) => path.endsWith('.js.map'))!;
    return { code: bundle.contents, map: map.contents };
  } catch (error) {
    throw oneMessage(error, entry);
  }
}

/** esbuild's own aliases would take `skerry` for a prefix of `skerry/client`. */
function exactAliases(aliases: Readonly<Record<string, string>>): import('esbuild').Plugin {
  return {
    name: 'exact-aliases',
    setup({ onResolve }) {
      onResolve({ filter: /^[^./]/ }, ({ path }) => (Object.hasOwn(aliases, path) ? { path: aliases[path]! } : null));
    },
  };
}

function oneMessage(error: unknown, path: string): unknown {
  const [first] = (error as { errors?: import('esbuild').Message[] }).errors ?? [];
  if (!first) return error;
  const place = first.location ? `:${first.location.line}:${first.location.column + 1}` : '';
  const file =
    first.location && first.location.namespace === 'file' && !first.location.file.includes('://')
      ? first.location.file
      : path;
  return new GameBuildError(`${file}${place}: ${first.text}`);
}
