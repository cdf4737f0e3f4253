/** The way to another gateway. */
export interface GatewayLinks {
  /** Resolves once the gateway has heard it; rejects when that is not certain. */
  tell(gateway: number, rows: readonly unknown[]): Promise<unknown>;
  /** What did not arrive is told again after so many milliseconds, and after more each time; 100 when left out. */
  readonly againMs?: number;
}

/** Rows in one message. */
const ROWS_MAX = 256;
/** Rows under way to one gateway. Up to that each change leaves at once, in front of the pushes that are passed on behind it. */
const UNDER_WAY_MAX = 4096;
const AGAIN_MS = 100;
const AGAIN_MS_MAX = 2_000;

interface Other<K> {
  readonly gateway: number;
  /** What it is to be told of, and who waits for that. One entry a subject: what is told is how things are by then. */
  readonly untold: Map<K, (() => void)[]>;
  readonly underWay: Set<ReadonlyMap<K, (() => void)[]>>;
  rowsUnderWay: number;
  again: ReturnType<typeof setTimeout> | undefined;
  /** In a row. */
  failures: number;
}

/**
 * Keeps all other gateways informed: everything when they meet, then every change. What does not arrive is told again, as it is by then,
 * until it does or the gateway is gone; nothing waits here but subjects, each once a gateway.
 */
export class OtherGateways<K> {
  private readonly links: GatewayLinks;
  private readonly rowOf: (subject: K) => unknown;
  private readonly others = new Map<number, Other<K>>();

  constructor(links: GatewayLinks, rowOf: (subject: K) => unknown) {
    this.links = links;
    this.rowOf = rowOf;
  }

  get count(): number {
    return this.others.size;
  }

  has(gateway: number): boolean {
    return this.others.has(gateway);
  }

  met(gateway: number, subjects: Iterable<K>): void {
    if (this.others.has(gateway)) return;
    const other: Other<K> = {
      gateway,
      untold: new Map(),
      underWay: new Set(),
      rowsUnderWay: 0,
      again: undefined,
      failures: 0,
    };
    for (const subject of subjects) other.untold.set(subject, []);
    this.others.set(gateway, other);
    this.send(other);
  }

  /** Nobody waits for it any more. */
  parted(gateway: number): void {
    const other = this.others.get(gateway);
    if (other === undefined) return;
    this.others.delete(gateway);
    clearTimeout(other.again);
    for (const batch of [other.untold, ...other.underWay]) heard(batch);
  }

  close(): void {
    for (const gateway of [...this.others.keys()]) this.parted(gateway);
  }

  /** Resolves once all others have heard of it, or are gone. Undefined: there is nobody. */
  changed(subject: K): Promise<void> | undefined {
    if (this.others.size === 0) return undefined;
    return new Promise((resolve) => {
      let missing = this.others.size;
      const done = (): void => {
        if (--missing === 0) resolve();
      };
      for (const other of this.others.values()) {
        const waiting = other.untold.get(subject);
        if (waiting === undefined) other.untold.set(subject, [done]);
        else waiting.push(done);
        this.send(other);
      }
    });
  }

  private send(other: Other<K>): void {
    while (other.untold.size > 0 && other.rowsUnderWay < UNDER_WAY_MAX && other.again === undefined) {
      const batch = new Map<K, (() => void)[]>();
      const rows: unknown[] = [];
      for (const [subject, waiting] of other.untold) {
        other.untold.delete(subject);
        batch.set(subject, waiting);
        rows.push(this.rowOf(subject));
        if (rows.length === ROWS_MAX) break;
      }
      other.underWay.add(batch);
      other.rowsUnderWay += batch.size;
      this.links.tell(other.gateway, rows).then(
        () => this.arrived(other, batch),
        () => this.lost(other, batch),
      );
    }
  }

  /** No longer under way, to a gateway that still is there. */
  private isOver(other: Other<K>, batch: ReadonlyMap<K, (() => void)[]>): boolean {
    other.underWay.delete(batch);
    other.rowsUnderWay -= batch.size;
    return this.others.get(other.gateway) === other;
  }

  private arrived(other: Other<K>, batch: ReadonlyMap<K, (() => void)[]>): void {
    if (!this.isOver(other, batch)) return;
    other.failures = 0;
    heard(batch);
    this.send(other);
  }

  private lost(other: Other<K>, batch: ReadonlyMap<K, (() => void)[]>): void {
    if (!this.isOver(other, batch)) return;
    for (const [subject, waiting] of batch)
      other.untold.set(subject, [...waiting, ...(other.untold.get(subject) ?? [])]);
    if (other.again !== undefined) return;
    const pauseMs = Math.min((this.links.againMs ?? AGAIN_MS) * 2 ** Math.min(other.failures++, 8), AGAIN_MS_MAX);
    other.again = setTimeout(() => {
      other.again = undefined;
      this.send(other);
    }, pauseMs);
    other.again.unref();
  }
}

function heard(batch: ReadonlyMap<unknown, (() => void)[]>): void {
  for (const waiting of batch.values()) for (const done of waiting) done();
}
