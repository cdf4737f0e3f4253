import type { RootLog } from '../runtime/log.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export interface LogLine {
  readonly level: LogLevel;
  /** Bindings of the log included. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** Lines kept; beyond, the oldest make room. */
const LINES_MAX = 100_000;

/** Where the lines of a captured log and of all its children are. */
class Lines {
  readonly kept: LogLine[] = [];
  private readonly waiting = new Set<(line: LogLine) => void>();
  private readonly print: ((line: LogLine) => void) | undefined;

  constructor(print: ((line: LogLine) => void) | undefined) {
    this.print = print;
  }

  add(line: LogLine): void {
    if (this.kept.push(line) > LINES_MAX) this.kept.splice(0, LINES_MAX / 10);
    this.print?.(line);
    for (const hear of [...this.waiting]) hear(line);
  }

  /** Returns how to stop. */
  listen(hear: (line: LogLine) => void): () => void {
    this.waiting.add(hear);
    return () => void this.waiting.delete(hear);
  }
}

/** A log that a test reads, and can wait for. */
export class CapturedLog implements RootLog {
  private readonly all: Lines;
  private readonly bindings: Readonly<Record<string, unknown>>;

  /** `print` gets every line as it comes. */
  constructor(print?: (line: LogLine) => void, bindings: Readonly<Record<string, unknown>> = {}, all?: Lines) {
    this.all = all ?? new Lines(print);
    this.bindings = bindings;
  }

  /** All lines so far, the newest last. */
  get lines(): readonly LogLine[] {
    return this.all.kept;
  }

  debug(fields: object, message = ''): void {
    this.add('debug', fields, message);
  }

  info(fields: object, message = ''): void {
    this.add('info', fields, message);
  }

  warn(fields: object, message = ''): void {
    this.add('warn', fields, message);
  }

  error(fields: object, message = ''): void {
    this.add('error', fields, message);
  }

  child(bindings: Record<string, unknown>): CapturedLog {
    return new CapturedLog(undefined, { ...this.bindings, ...bindings }, this.all);
  }

  /** The first line of the past or the future that matches. */
  line(matches: (line: LogLine) => boolean): Promise<LogLine> {
    const present = this.lines.find(matches);
    if (present !== undefined) return Promise.resolve(present);
    return new Promise((found) => {
      const stop = this.listen((line) => {
        if (!matches(line)) return;
        stop();
        found(line);
      });
    });
  }

  /** `hear` gets every line from now on. Returns how to stop. */
  listen(hear: (line: LogLine) => void): () => void {
    return this.all.listen(hear);
  }

  private add(level: LogLevel, fields: object, message: string): void {
    this.all.add({ level, fields: { ...this.bindings, ...fields }, message });
  }
}
