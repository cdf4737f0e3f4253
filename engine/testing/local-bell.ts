import { Doorbell } from '../../transport/ring/doorbell.ts';

/**
 * The bell of a node whose writers are all on its own thread: it has its round at once, in the order of the rings, instead of when the
 * engine of JavaScript gets round to a shared word. What a seed decides stays decided.
 */
export class LocalBell extends Doorbell {
  private readonly rung: () => void;

  /** `rung` makes sure that the node has a round. */
  constructor(rung: () => void) {
    super();
    this.rung = rung;
  }

  override ring(): void {
    this.rung();
  }

  override wake(): void {
    super.wake();
    this.rung();
  }

  override sleep(): Promise<void> {
    return new Promise(() => {});
  }
}
