/** Reads the Test Anything Protocol as ava writes it, while it arrives. */

export type Outcome = 'passed' | 'failed' | 'skipped';

export interface TapTest {
  readonly title: string;
  readonly outcome: Outcome;
  /** Comments and the error, as printed, without the indentation of the protocol. */
  readonly details: readonly string[];
}

export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

export class TapReader {
  readonly totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  readonly #onTest: (test: TapTest) => void;
  #rest = '';
  #open: { title: string; outcome: Outcome; details: string[] } | undefined;
  /** What the closing comments say, `# fail 3`; undefined until they came. */
  #failedInSummary: number | undefined;
  /** Counted as failed by ava's summary, as skipped by us. */
  #todo = 0;

  constructor(onTest: (test: TapTest) => void) {
    this.#onTest = onTest;
  }

  push(chunk: string): void {
    const lines = (this.#rest + chunk).split(/\r?\n/);
    this.#rest = lines.pop()!;
    for (const line of lines) this.#read(line);
  }

  /**
   * Ends the input; `exitCode` is that of the program that wrote it. Tests that were planned and never reported, a crash without
   * a test and a program that died early are failures, so that nothing can pass by not running.
   */
  end(exitCode: number | null): Totals {
    if (this.#rest !== '') this.push('\n');
    this.#close();
    const { totals } = this;
    const planned = this.#failedInSummary === undefined ? undefined : this.#failedInSummary - this.#todo;
    if (planned === undefined) {
      this.#report('the test run ended early', [`It left with ${exitCode} and never wrote its summary.`]);
    } else if (planned > totals.failed) {
      const missing = planned - totals.failed;
      this.#report(
        `${missing} tests were planned and never ended`,
        ['A test file died before it was through.'],
        missing,
      );
    } else if (exitCode !== 0 && totals.failed === 0) {
      this.#report(`the test run left with ${exitCode}`, ['No single test failed.']);
    }
    return totals;
  }

  #read(line: string): void {
    const result = /^(not )?ok \d+(?: - (.*))?$/.exec(line);
    if (result) {
      this.#close();
      const [, not, text = ''] = result;
      const directive = / ?# (SKIP|TODO)$/.exec(text);
      if (directive?.[1] === 'TODO') this.#todo++;
      const title = directive ? text.slice(0, directive.index) : text;
      this.#open = { title, outcome: directive ? 'skipped' : not ? 'failed' : 'passed', details: [] };
      return;
    }
    const failed = /^# fail (\d+)$/.exec(line);
    if (failed) this.#failedInSummary = Number(failed[1]);
    if (/^1\.\.\d+$/.test(line)) this.#close();
    else if (this.#open && !/^ {2}(?:---|\.\.\.)$/.test(line))
      this.#open.details.push(line.replace(/^ {4}|^# {0,3}/, ''));
  }

  #close(): void {
    const test = this.#open;
    this.#open = undefined;
    if (test) this.#count(test, 1);
  }

  #report(title: string, details: string[], times = 1): void {
    this.#count({ title, outcome: 'failed', details }, times);
  }

  #count(test: TapTest, times: number): void {
    this.totals[test.outcome] += times;
    this.#onTest(test);
  }
}

/** The one line that ends every run. */
export function totalsLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
