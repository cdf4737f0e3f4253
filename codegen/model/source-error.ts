import { GameBuildError, positionOf } from '../build-error.ts';

/** What is wrong in a contract module: `message` starts with file, line and column and says what to write instead. */
export class ContractSourceError extends GameBuildError {
  override name = 'ContractSourceError';
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;

  constructor(source: { path: string; text: string }, offset: number, problem: string) {
    const { line, column } = positionOf(source.text, offset);
    super(`${source.path}:${line}:${column}: ${problem}`);
    this.file = source.path;
    this.line = line;
    this.column = column;
  }
}
