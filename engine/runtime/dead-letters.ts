import type { EngineError } from '../base/errors.ts';
import type { NodeState } from './node-state.ts';

/** Lines in a second at most: under overload there are as many dead letters as messages, and saying each would be the worse overload. */
const LINES_PER_S = 100;

/** One-way messages that nobody could take: all are counted, and logged as far as somebody can read. */
export class DeadLetters {
  private readonly state: Pick<NodeState, 'now' | 'counters' | 'log'>;
  private lines = 0;
  private unsaid = 0;
  private secondEndsAt = 0;

  constructor(state: Pick<NodeState, 'now' | 'counters' | 'log'>) {
    this.state = state;
  }

  /** `operation` is the contract's name and the operation's. */
  add(operation: string, error: EngineError): void {
    const { state } = this;
    state.counters.deadLetters++;
    if (state.now >= this.secondEndsAt) {
      this.secondEndsAt = state.now + 1000;
      this.lines = 0;
    }
    if (this.lines === LINES_PER_S) {
      this.unsaid++;
      return;
    }
    this.lines++;
    const fields = { operation, code: error.code, reason: error.message };
    state.log.warn(this.unsaid === 0 ? fields : { ...fields, unsaid: this.unsaid }, 'dead letter');
    this.unsaid = 0;
  }
}
