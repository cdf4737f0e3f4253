/** What the engine and games log to; the host implements it. */
export interface Log {
  debug(fields: object, message?: string): void;
  info(fields: object, message?: string): void;
  warn(fields: object, message?: string): void;
  error(fields: object, message?: string): void;
}

/** A log that can be narrowed to one entity. */
export interface RootLog extends Log {
  child(bindings: Record<string, unknown>): Log;
}
