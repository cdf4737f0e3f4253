import type { Activation } from './activation.ts';
import type { NodeState } from './node-state.ts';
import { Timer } from './timing-wheel.ts';
import type { Walk } from './walk.ts';

/** Between two sweeps: an eighth of the shortest idle time, within these. */
const PAUSE_MS_MIN = 1000;
const PAUSE_MS_MAX = 30_000;

/**
 * Looks for entities that were idle too long, only while there are entities, and seldom compared with the times that they may be idle:
 * a node that does nothing else is woken for it.
 */
export class Sweeper extends Timer {
  private readonly state: NodeState;
  private readonly walk: Walk;
  private readonly end: (activation: Activation) => void;
  private readonly isInhabited: () => boolean;
  /** Infinity when idleness ends nobody. */
  private readonly pauseMs: number;

  /** `end` deactivates one. */
  constructor(state: NodeState, walk: Walk, isInhabited: () => boolean, end: (activation: Activation) => void) {
    super();
    this.state = state;
    this.walk = walk;
    this.isInhabited = isInhabited;
    this.end = end;
    const idleMs = Math.min(...state.catalogue.entityTypes.map((type) => type.idleMs));
    this.pauseMs =
      idleMs === Number.POSITIVE_INFINITY ? idleMs : Math.min(Math.max(idleMs / 8, PAUSE_MS_MIN), PAUSE_MS_MAX);
  }

  start(): void {
    if (this.scheduled || this.walk.underWay || this.pauseMs === Number.POSITIVE_INFINITY) return;
    this.state.wheel.add(this, this.state.now + this.pauseMs);
  }

  stop(): void {
    this.state.wheel.remove(this);
    this.walk.stop();
  }

  fire(): void {
    this.walk.start(this.look, this.done);
  }

  private readonly look = (activation: Activation): void => {
    if (!activation.isExpendable) return;
    if (activation.unusedFor(this.state.now) >= activation.type.idleMs) this.end(activation);
  };

  private readonly done = (): void => {
    if (this.isInhabited()) this.start();
  };
}
