import type { Activation } from './activation.ts';
import type { Operation } from './catalogue.ts';
import { END_HOST } from './frame.ts';
import type { NodeState } from './node-state.ts';
import { isThenable } from './thenable.ts';
import { Turn, type TurnOwner } from './turn.ts';
import type { TurnFlow } from './turn-flow.ts';
import type { TurnLedger } from './turn-ledger.ts';

/**
 * The hooks of entities as turns which whoever waits for the entity waits for, so that circles through them are found. Only in games with locks.
 */
export class HookTurns {
  private readonly state: NodeState;
  private readonly flow: TurnFlow;
  private readonly ledger: TurnLedger;
  private readonly owner: TurnOwner;

  constructor(state: NodeState, flow: TurnFlow, ledger: TurnLedger, owner: TurnOwner) {
    this.state = state;
    this.flow = flow;
    this.ledger = ledger;
    this.owner = owner;
  }

  /** Runs a hook; its calls belong to a turn that ends with it. */
  run(activation: Activation, operation: Operation, hook: () => unknown): unknown {
    // A destroy has its own turn, to which the calls of `onDeactivate` belong.
    if (activation.openTurns > 0) return hook();
    const turn = new Turn(this.owner);
    turn.activation = activation;
    turn.operation = operation;
    turn.callerEnd = END_HOST;
    turn.traceHigh = this.state.incarnation;
    turn.traceLow = this.state.nextTrace();
    turn.since = this.state.now;
    activation.openTurns++;
    this.ledger.add(turn);
    let result: unknown;
    try {
      result = this.flow.run(turn.lineage!, call, hook, undefined, undefined);
    } catch (error) {
      this.end(turn);
      throw error;
    }
    if (isThenable(result)) return Promise.resolve(result).finally(() => this.end(turn));
    this.end(turn);
    return result;
  }

  private end(turn: Turn): void {
    turn.activation.openTurns--;
    this.ledger.remove(turn);
  }
}

const call = (hook: () => unknown): unknown => hook();
