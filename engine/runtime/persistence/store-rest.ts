import type { EngineError } from '../../base/errors.ts';
import { Alarm } from '../alarm.ts';
import type { NodeState } from '../node-state.ts';

/** How long the store is left alone after it failed, at first and at most. */
const REST_MS_MIN = 50;
const REST_MS_MAX = 5_000;

/** The store is left alone after it failed, longer each time, until something was saved. */
export class StoreRest {
  private readonly state: NodeState;
  private readonly alarm: Alarm;
  private ms = 0;

  /** `over` is called at the end of each rest. */
  constructor(state: NodeState, over: () => void) {
    this.state = state;
    this.alarm = new Alarm(over);
  }

  get isOn(): boolean {
    return this.alarm.scheduled;
  }

  /** How long the last one was; 0 when nothing has failed since something was saved. */
  get lastMs(): number {
    return this.ms;
  }

  begin(error: EngineError): void {
    if (this.alarm.scheduled) return;
    if (this.ms === 0) this.state.log.error({ err: error }, 'the store fails: what is to be saved waits');
    this.ms = Math.min(Math.max(REST_MS_MIN, this.ms * 2), REST_MS_MAX);
    this.state.wheel.add(this.alarm, this.state.clock.now() + this.ms);
  }

  /** Something was saved. */
  saved(waiting: number): void {
    if (this.ms === 0) return;
    this.ms = 0;
    this.state.log.info({ waiting }, 'the store works again');
  }
}
