import type { Activation } from './activation.ts';
import type { NodeState } from './node-state.ts';
import type { Roster } from './roster.ts';
import { Timer } from './timing-wheel.ts';

/** How long the entities wait for one slice of a walk, and how long they then have for themselves at least. */
const SLICE_MS = 1;
const GAP_MS = 3;
/** Visits between two readings of the clock: even when each ends an entity they are well below a slice. */
const VISITS_PER_LOOK = 64;
/** Asynchronous `onDeactivate` under way: while there are more, nobody else is sent away. */
const ENDING_MAX = 1024;

/** Goes through all activations of a node without keeping it from its work: a slice, a gap, a slice. */
export class Walk extends Timer {
  /** The longest slice so far, in milliseconds. */
  longestMs = 0;
  private readonly state: NodeState;
  private readonly roster: Roster;
  private readonly ending: () => number;
  private position: Iterator<Activation, undefined> | undefined = undefined;
  private visit!: (activation: Activation) => void;
  private done!: () => void;

  /** `ending` tells how many activations are on their way out. */
  constructor(state: NodeState, roster: Roster, ending: () => number) {
    super();
    this.state = state;
    this.roster = roster;
    this.ending = ending;
  }

  get underWay(): boolean {
    return this.position !== undefined;
  }

  /** What comes or goes meanwhile may be visited or not. `done` is called behind the last one. */
  start(visit: (activation: Activation) => void, done: () => void): void {
    this.visit = visit;
    this.done = done;
    this.position = this.roster.walk();
    this.goOn();
  }

  stop(): void {
    this.position = undefined;
    this.state.wheel.remove(this);
  }

  fire(): void {
    const { clock } = this.state;
    const from = clock.now();
    let now = from;
    while (now - from < SLICE_MS && this.ending() < ENDING_MAX) {
      for (let i = 0; i < VISITS_PER_LOOK; i++) {
        const { value } = this.position!.next();
        if (value === undefined) {
          this.position = undefined;
          this.done();
          return;
        }
        this.visit(value);
      }
      now = clock.now();
    }
    this.longestMs = Math.max(this.longestMs, now - from);
    this.goOn();
  }

  private goOn(): void {
    this.state.wheel.add(this, this.state.clock.now() + GAP_MS);
  }
}
