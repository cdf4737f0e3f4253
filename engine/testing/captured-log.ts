import type { Log, RootLog } from '../runtime/log.ts';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** Bindings of the log included. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A log that a test reads, and can wait for. */
export class CapturedLog implements RootLog {
  readonly lines: LogLine[] = [];
  private readonly waiting: { matches: (line: LogLine) => boolean; found: (line: LogLine) => void }[] = [];

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

  child(bindings: Record<string, unknown>): Log {
    const add = (level: LogLine['level'], fields: object, message = ''): void =>
      this.add(level, { ...bindings, ...fields }, message);
    return {
      debug: (fields, message) => add('debug', fields, message),
      info: (fields, message) => add('info', fields, message),
      warn: (fields, message) => add('warn', fields, message),
      error: (fields, message) => add('error', fields, message),
    };
  }

  /** The first line of the past or the future that matches. */
  line(matches: (line: LogLine) => boolean): Promise<LogLine> {
    const present = this.lines.find(matches);
    if (present !== undefined) return Promise.resolve(present);
    return new Promise((found) => this.waiting.push({ matches, found }));
  }

  private add(level: LogLine['level'], fields: object, message: string): void {
    const line: LogLine = { level, fields: fields as Record<string, unknown>, message };
    this.lines.push(line);
    for (let i = this.waiting.length - 1; i >= 0; i--) {
      const { matches, found } = this.waiting[i]!;
      if (!matches(line)) continue;
      this.waiting.splice(i, 1);
      found(line);
    }
  }
}
