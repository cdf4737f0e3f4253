import type { NodeState } from '../node-state.ts';
import { Timer } from '../timing-wheel.ts';
import type { EntityRecord } from './entity-record.ts';

/** Entities of one type that turns have run on, until they are looked at: all of them once the first has waited for `autosave`. */
export class AutosaveQueue extends Timer {
  private readonly state: NodeState;
  private readonly afterMs: number;
  private readonly fellDue: (records: readonly EntityRecord[]) => void;
  private records: EntityRecord[] = [];

  constructor(state: NodeState, afterMs: number, fellDue: (records: readonly EntityRecord[]) => void) {
    super();
    this.state = state;
    this.afterMs = afterMs;
    this.fellDue = fellDue;
  }

  add(record: EntityRecord): void {
    this.records.push(record);
    if (!this.scheduled) this.state.wheel.add(this, this.state.clock.now() + this.afterMs);
  }

  fire(): void {
    const { records } = this;
    this.records = [];
    this.fellDue(records);
  }
}
