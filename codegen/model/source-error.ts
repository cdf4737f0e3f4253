/** What is wrong in a contract module: `message` starts with file, line and column and says what to write instead. */
export class ContractSourceError extends Error {
  override name = 'ContractSourceError';
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;

  constructor(source: { path: string; text: string }, offset: number, problem: string) {
    const before = source.text.slice(0, offset).split('\n');
    const line = before.length;
    const column = before.at(-1)!.length + 1;
    super(`${source.path}:${line}:${column}: ${problem}`);
    this.file = source.path;
    this.line = line;
    this.column = column;
  }
}
