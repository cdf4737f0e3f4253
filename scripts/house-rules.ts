/** The rules of the house that neither the compiler nor the linter knows, checked like code. */
import { codeRules } from './code-rules.ts';
import { importRules } from './import-rules.ts';
import type { Rule } from './rule.ts';
import { readSourceTree, type SourceTree } from './source-tree.ts';

export interface RuleResult {
  readonly rule: string;
  readonly severity: 'error' | 'warning';
  /** One per violation: `file:line: rule: what to do instead`. */
  readonly lines: readonly string[];
}

export const RULES: readonly Rule[] = [...importRules, ...codeRules];

export function checkTree(tree: SourceTree, rules: readonly Rule[] = RULES): RuleResult[] {
  return rules.map((rule) => ({
    rule: rule.name,
    severity: rule.severity,
    lines: [...rule.check(tree)].map(({ file, line, advice }) => `${file}:${line}: ${rule.name}: ${advice}`),
  }));
}

/** Checks everything below `root`. Throws SyntaxError, naming the file, for code that does not parse. */
export function checkHouse(root: string): RuleResult[] {
  return checkTree(readSourceTree(root));
}
