import { Cron } from 'croner';

/**
 * When a cron expression is due: five fields, or six with seconds in front, or a nickname like `@daily`. In UTC, so that there is no
 * hour that comes twice or never.
 */
export class CronSchedule {
  readonly expression: string;
  private readonly cron: Cron;
  /** Due next at every time from `knownFrom` to just before `knownDue`: entities of a type ask for the same one. */
  private knownFrom = 0;
  private knownDue = 0;

  /** Throws TypeError or RangeError, naming `what`, for what is no cron expression or is never due. */
  constructor(expression: string, what: string) {
    const refused = (reason: string): string =>
      `${what}: ${JSON.stringify(expression)} is no cron expression: ${reason}`;
    if (typeof expression !== 'string') throw new TypeError(refused('it is not a string.'));
    // The package takes dates as well, which are due once.
    if (!/\s\S/.test(expression.trim()) && !expression.startsWith('@')) {
      throw new TypeError(refused('write five fields, or six with seconds in front.'));
    }
    this.expression = expression;
    try {
      this.cron = new Cron(expression, { mode: '5-or-6-parts', utcOffset: 0, paused: true });
    } catch (error) {
      const reason = refused((error as Error).message.replace(/^CronPattern: /, ''));
      throw error instanceof RangeError ? new RangeError(reason) : new TypeError(reason);
    }
    if (this.nextAfter(0) === undefined) throw new RangeError(refused('there is no such day.'));
  }

  /** The first time it is due after `wallMs`, both in milliseconds since 1970; undefined when there is none. */
  nextAfter(wallMs: number): number | undefined {
    const from = Math.floor(wallMs);
    if (from >= this.knownFrom && from < this.knownDue) return this.knownDue;
    const due = this.cron.nextRun(new Date(from))?.getTime();
    if (due === undefined) return undefined;
    this.knownFrom = from;
    this.knownDue = due;
    return due;
  }
}
