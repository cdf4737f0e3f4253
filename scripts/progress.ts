import { type TapTest, type Totals, totalsLine } from './tap.ts';

const COLUMNS = 100;

/** A dot for what passed, a paragraph for what did not; under CI a skipped test is a failed one. */
export class Progress {
  readonly totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  readonly #strict: boolean;
  readonly #troubles: string[] = [];
  #column = 0;

  readonly #write: (text: string) => void;

  constructor(write: (text: string) => void, strict: boolean) {
    this.#write = write;
    this.#strict = strict;
  }

  onTest({ title, outcome, details }: TapTest): void {
    const strictly = outcome === 'skipped' && this.#strict;
    this.totals[strictly ? 'failed' : outcome]++;
    if (outcome === 'passed') {
      this.#write('.');
      if (++this.#column === COLUMNS) this.#newLine();
      return;
    }
    const heading =
      outcome === 'failed' ? `FAILED  ${title}` : `skipped ${title}${strictly ? ' (a failure under CI)' : ''}`;
    this.say([heading, ...details.map((line) => `    ${line}`)].join('\n'));
    if (outcome === 'failed' || strictly) this.#troubles.push(heading);
  }

  say(text: string): void {
    this.#newLine();
    this.#write(`${text}\n`);
  }

  /** Prints the totals; returns the exit code. */
  close(ms: number): number {
    this.#newLine();
    const { passed, failed, skipped } = this.totals;
    if (this.#troubles.length > 1) this.#write(`\n${this.#troubles.join('\n')}\n`);
    this.#write(`\n${passed + failed + skipped} tests in ${(ms / 1000).toFixed(1)} s\n`);
    this.#write(`${totalsLine(this.totals)}\n`);
    return failed > 0 ? 1 : 0;
  }

  #newLine(): void {
    if (this.#column > 0) this.#write('\n');
    this.#column = 0;
  }
}
