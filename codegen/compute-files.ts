import { GameBuildError } from './build-error.ts';
import { parseSource } from './model/parse.ts';

/** Relative files of `defineGame({ compute: { name: './file.ts' } })`, as far as they are written as plain strings there. */
export function computeFilesOf(path: string, text: string): string[] {
  const files: string[] = [];
  const visit = (node: any): void => {
    if (typeof node !== 'object' || node === null) return;
    if (node.type === 'CallExpression' && node.callee.type === 'Identifier' && node.callee.name === 'defineGame') {
      const compute = propertyOf(node.arguments[0], 'compute');
      for (const row of compute?.properties ?? []) {
        const file = row.value;
        if (file?.type === 'Literal' && /^\.\.?\//.test(file.value)) files.push(file.value);
      }
    }
    for (const child of Array.isArray(node) ? node : Object.values(node)) visit(child);
  };
  visit(parseSource(path, text).program.body);
  return files;
}

/** Throws GameBuildError for a compute file without a default export: a call would be the first to find out. */
export function checkComputeFile(path: string, text: string): void {
  const body = parseSource(path, text).program.body as any[];
  const hasDefault = body.some(
    ({ type, specifiers }) =>
      type === 'ExportDefaultDeclaration' ||
      (type === 'ExportNamedDeclaration' && specifiers.some(({ exported }: any) => exported.name === 'default')),
  );
  if (!hasDefault) throw new GameBuildError(`${path}: a compute file exports its function as default.`);
}

function propertyOf(object: any, name: string): any {
  if (object?.type !== 'ObjectExpression') return undefined;
  const property = object.properties.find(({ key }: any) => key?.name === name || key?.value === name);
  return property?.value?.type === 'ObjectExpression' ? property.value : undefined;
}
