export type Outcome = 'notExecuted' | 'unknown';

export interface EngineErrorOptions {
  outcome?: Outcome;
  cause?: unknown;
  retryAfterMs?: number;
  chain?: DeadlockError['chain'];
}

/** Every error of the engine itself. `outcome` says whether the operation can have run. */
export class EngineError extends Error {
  readonly code: string;
  readonly outcome: Outcome;

  constructor(code: string, message: string, options: EngineErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = this.constructor.name;
    this.code = code;
    this.outcome = options.outcome ?? 'notExecuted';
  }
}

/**
 * Makes an error without looking at the stack, for those that come in thousands when a node is overloaded: looking costs more than most
 * operations, and shows nothing but the engine.
 */
export function withoutTrace<E extends Error>(make: () => E): E {
  const frames = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = frames;
  }
}

/** Errors after which it is not known whether the operation ran. */
class UnknownOutcomeError extends EngineError {
  constructor(code: string, message: string, options: EngineErrorOptions = {}) {
    super(code, message, { outcome: 'unknown', ...options });
  }
}

export class CallTimeoutError extends UnknownOutcomeError {}
export class EntityNotFoundError extends EngineError {}
export class EntityExistsError extends EngineError {}
export class OverloadedError extends EngineError {
  readonly retryAfterMs: number;
  constructor(code: string, message: string, options: EngineErrorOptions = {}) {
    super(code, message, options);
    this.retryAfterMs = options.retryAfterMs ?? 100;
  }
}
export class NodeDownError extends UnknownOutcomeError {}
export class UnavailableError extends EngineError {
  declare readonly retryAfterMs?: number;
  constructor(code: string, message: string, options: EngineErrorOptions = {}) {
    super(code, message, options);
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }
}
export class DeadlockError extends EngineError {
  readonly chain: readonly { contract: string; id: number | bigint | string; operation: string }[];
  constructor(code: string, message: string, options: EngineErrorOptions = {}) {
    super(code, message, options);
    this.chain = options.chain ?? [];
  }
}
export class MoveAbortedError extends UnknownOutcomeError {}
export class FencedError extends UnknownOutcomeError {}
export class ContractMismatchError extends EngineError {}
export class ForbiddenError extends EngineError {}
export class InvalidMessageError extends EngineError {}
export class StoreError extends UnknownOutcomeError {}

/** The engine error classes by name: how an error that travelled finds its class again. */
export const ENGINE_ERRORS: Readonly<
  Record<string, new (code: string, message: string, options?: EngineErrorOptions) => EngineError>
> = Object.freeze({
  EngineError,
  CallTimeoutError,
  EntityNotFoundError,
  EntityExistsError,
  OverloadedError,
  NodeDownError,
  UnavailableError,
  DeadlockError,
  MoveAbortedError,
  FencedError,
  ContractMismatchError,
  ForbiddenError,
  InvalidMessageError,
  StoreError,
});

/** What a game throws on purpose: `code` and `data` reach any caller, clients too. */
export class GameError<Data = unknown> extends Error {
  readonly code: string;
  readonly data: Data | undefined;
  constructor(code: string, data?: Data) {
    super(code);
    this.name = 'GameError';
    this.code = code;
    this.data = data;
  }
}

/** Any other error of the callee, as its caller sees it. */
export class RemoteError extends Error {
  declare readonly remoteStack?: string;
  constructor(message: string, remoteStack?: string) {
    super(message);
    this.name = 'RemoteError';
    if (remoteStack !== undefined) this.remoteStack = remoteStack;
  }
}

/** A name of the public surface that is not built yet. */
export function notImplemented(what: string): EngineError {
  return new EngineError('not-implemented', `${what} is not implemented yet.`);
}
