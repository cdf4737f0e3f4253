import { type Program, parseSync } from 'oxc-parser';
import { ContractSourceError } from './source-error.ts';

export type {
  Expression,
  Node,
  ObjectExpression,
  ParamPattern,
  PropertyKey,
  TSInterfaceDeclaration,
  TSMethodSignature,
  TSSignature,
  TSType,
  TSTypeAliasDeclaration,
  TSTypeName,
  TSTypeParameterDeclaration,
  TSTypeReference,
  VariableDeclarator,
} from 'oxc-parser';

export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly program: Program;
}

/** Throws ContractSourceError for a file that is not TypeScript. */
export function parseSource(path: string, text: string): SourceFile {
  const { program, errors } = parseSync(path, text, { lang: 'ts', sourceType: 'module', preserveParens: false });
  const error = errors.find(({ severity }) => severity === 'Error');
  if (error)
    throw new ContractSourceError({ path, text }, error.labels[0]?.start ?? 0, `${error.message.replace(/\.$/, '')}.`);
  return { path, text, program };
}
