export const TARGETS = 1000;

/** What the yardsticks call: found by its id, as entities are. */
export class PlainTarget {
  messages = 0;

  ping(a: number, b: number): number {
    return (a + b) | 0;
  }
}

/** The same with a promise for an answer, which is the work that is asked of everybody but the limit. */
export class AsyncTarget {
  messages = 0;

  async ping(a: number, b: number): Promise<number> {
    return (a + b) | 0;
  }
}

export function asyncTargets(): Map<number, AsyncTarget> {
  return new Map(Array.from({ length: TARGETS }, (_, id) => [id, new AsyncTarget()]));
}

export function plainTargets(): Map<number, PlainTarget> {
  return new Map(Array.from({ length: TARGETS }, (_, id) => [id, new PlainTarget()]));
}

/** Calls under way by number; numbers are used again. */
export class Waiting {
  private readonly resolves: ((value: number) => void)[] = [];
  private readonly free: number[] = [];
  private resolve!: (value: number) => void;
  private readonly executor = (resolve: (value: number) => void): void => {
    this.resolve = resolve;
  };
  /** Of the last `add`, from 1. */
  lastNumber = 0;

  add(): Promise<number> {
    const promise = new Promise(this.executor);
    const number = this.free.pop() ?? this.resolves.length + 1;
    this.resolves[number - 1] = this.resolve;
    this.lastNumber = number;
    return promise;
  }

  settle(number: number, value: number): void {
    this.free.push(number);
    this.resolves[number - 1]!(value);
  }
}
