import type { SourceTree } from './source-tree.ts';

export interface Violation {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** What to do instead. */
  readonly advice: string;
}

export interface Rule {
  readonly name: string;
  /** A warning is shown and fails nothing. */
  readonly severity: 'error' | 'warning';
  check(tree: SourceTree): Iterable<Violation>;
}
