/// <reference lib="es2024.sharedmemory" />
/**
 * How a node sleeps and is woken: one shared word per node, on a line of its own.
 *
 *   word 32 (128 B)  BELL   0 AWAKE      the node works; a ring costs its writer one load
 *                           1 SLEEPING   the node is about to wait or waits; stored by the node only
 *                           2 WOKEN      somebody insists on one more duty cycle; the node's next `arm` takes it back
 *
 * A node sleeps like this, and nothing that was flushed towards it is ever missed:
 *
 *   if (bell.arm() && !links.some((link) => link.pending())) await bell.sleep();   // or bell.nap(ms)
 *   bell.disarm();
 *
 * The race with `ring`: the node stores SLEEPING, then loads the TAILs in `pending`; a writer stores its TAIL in `flush`,
 * then loads BELL here. All four are sequentially consistent, so in their one order either the node sees the TAIL and does
 * not wait, or the writer sees SLEEPING and wakes it. The writer takes SLEEPING away before it notifies, and waiting
 * compares the word first, so a ring between `arm` and the wait ends the wait before it begins.
 *
 * `wake` is for reasons that the node cannot look up after arming (room in a ring it writes to, a request of the host): it
 * leaves a mark, so that a node that is awake does not fall asleep on it.
 */
const AWAKE = 0;
const SLEEPING = 1;
const WOKEN = 2;
const BELL = 32;
const BYTES = 256;

export class Doorbell {
  readonly memory: SharedArrayBuffer;
  /** How often this object woke a sleeping node. */
  wakeUps = 0;
  private readonly words: Int32Array;
  /** The one wait that is under way: it cannot be cancelled, so whoever sleeps next shares it. */
  private waiting: Promise<void> | undefined = undefined;

  /** Attaches to the bell of a node; every thread has an object of its own over the same memory. */
  constructor(memory: SharedArrayBuffer = Doorbell.allocate()) {
    this.memory = memory;
    this.words = new Int32Array(memory);
  }

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(BYTES);
  }

  /** By any thread, after it published something that `pending` of the node sees. */
  ring(): void {
    // Partner: the store of SLEEPING in `arm`. Our TAIL was stored before, so if this reads AWAKE the node's check sees it.
    if (Atomics.load(this.words, BELL) === SLEEPING) this.rouse();
  }

  private rouse(): void {
    // Of several writers one wins and notifies. Partner: the comparison inside of the node's wait.
    if (Atomics.compareExchange(this.words, BELL, SLEEPING, AWAKE) === SLEEPING) {
      this.wakeUps++;
      // All waiters, not one: an old `sleep` may stand in the queue before the `nap` that is meant.
      Atomics.notify(this.words, BELL);
    }
  }

  /** By any thread: the node runs at least one more duty cycle that began after this call. */
  wake(): void {
    // Partner: the compareExchange in `arm`. Whichever is second in order sees the first.
    if (Atomics.exchange(this.words, BELL, WOKEN) === SLEEPING) {
      this.wakeUps++;
      Atomics.notify(this.words, BELL);
    }
  }

  /** By the node: announces that it is going to wait. False: it was woken meanwhile, and should work another cycle first. */
  arm(): boolean {
    // Partners: the load in `ring`, the exchange in `wake`.
    const before = Atomics.compareExchange(this.words, BELL, AWAKE, SLEEPING);
    if (before !== WOKEN) return true;
    Atomics.store(this.words, BELL, AWAKE);
    return false;
  }

  /** By the node: it works again. Harmless when it was woken, or never armed. */
  disarm(): void {
    // Not a plain store: a WOKEN that came meanwhile stays for the next `arm`.
    Atomics.compareExchange(this.words, BELL, SLEEPING, AWAKE);
  }

  /**
   * By the armed node: resolves when somebody rings or wakes it, at once if that happened since `arm`, and sometimes for
   * no reason. The event loop goes on meanwhile, but is not kept alive by it.
   */
  sleep(): Promise<void> {
    // An old wait still stands in the queue, so that the next notify ends it, or was notified and is about to resolve.
    if (this.waiting !== undefined) return this.waiting;
    const result = Atomics.waitAsync(this.words, BELL, SLEEPING);
    if (!result.async) return Promise.resolve();
    this.waiting = result.value.then(() => {
      this.waiting = undefined;
    });
    return this.waiting;
  }

  /** By the armed node: blocks the thread, event loop included, until a ring, a wake or the end of `ms` (fractions count). */
  nap(ms: number): void {
    Atomics.wait(this.words, BELL, SLEEPING, ms);
  }
}
