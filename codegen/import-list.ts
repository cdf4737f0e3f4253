import { init, parse } from 'es-module-lexer';

export interface ImportPlace {
  specifier: string;
  /** Offsets in the code; with the quotes when `quoted`. */
  start: number;
  end: number;
  quoted: boolean;
}

/** Every specifier that a module of JavaScript imports, dynamic ones included when they are literals. In the order of the code. */
export async function importsOf(code: string): Promise<ImportPlace[]> {
  await init();
  const places: ImportPlace[] = [];
  for (const found of parse(code)[0]) {
    if (found.type === 'import-meta' || found.specifier === undefined) continue;
    if (found.type === 'dynamic' && found.glob) continue;
    places.push({ specifier: found.specifier, start: found.start, end: found.end, quoted: found.type === 'dynamic' });
  }
  return places;
}

/** The same code with other specifiers; undefined leaves one as it is. */
export function withSpecifiers(
  code: string,
  places: readonly ImportPlace[],
  replace: (specifier: string) => string | undefined,
): string {
  let result = '';
  let from = 0;
  for (const { specifier, start, end, quoted } of places) {
    const replacement = replace(specifier);
    if (replacement === undefined) continue;
    result += code.slice(from, start) + (quoted ? JSON.stringify(replacement) : replacement);
    from = end;
  }
  return result + code.slice(from);
}
