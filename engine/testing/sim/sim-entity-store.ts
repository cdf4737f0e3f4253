import type { Prng } from '../../base/prng.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface StoredRecord {
  readonly count: number;
  readonly etag: number;
}

/** A shared store with fencing by comparison: a write counts only in the epoch that has claimed the slot last, and on the record as it was read. */
export class SimEntityStore {
  /** Requests may take this long. */
  slowMs = 0;
  /** Writes of an epoch that had lost its slot. */
  rejected = 0;
  private readonly time: VirtualTime;
  private readonly random: Prng;
  private readonly claims = new Map<number, number>();
  private readonly lines = new Map<string, number>();
  private readonly records = new Map<number, StoredRecord>();

  constructor(time: VirtualTime, random: Prng) {
    this.time = time;
    this.random = random;
  }

  /** False when a later epoch has claimed the slot. */
  claim(slot: number, epoch: number, answer: (ok: boolean) => void): void {
    this.later(() => {
      const ok = epoch >= (this.claims.get(slot) ?? 0);
      if (ok) this.claims.set(slot, epoch);
      this.later(() => answer(ok));
    });
  }

  load(entity: number, answer: (record: StoredRecord) => void): void {
    this.later(() => {
      const record = this.records.get(entity) ?? { count: 0, etag: 0 };
      this.later(() => answer(record));
    });
  }

  /** The new etag, or undefined when the writer is fenced or the record has changed. `accepted` runs when it is taken. */
  save(
    slot: number,
    epoch: number,
    entity: number,
    { count, etag }: StoredRecord,
    accepted: () => void,
    answer: (etag: number | undefined) => void,
  ): void {
    this.later(() => {
      const fenced = epoch < (this.claims.get(slot) ?? 0);
      if (fenced) this.rejected++;
      const ok = !fenced && etag === (this.records.get(entity)?.etag ?? 0);
      if (ok) {
        this.records.set(entity, { count, etag: etag + 1 });
        accepted();
      }
      this.later(() => answer(ok ? etag + 1 : undefined));
    }, `${entity} ${epoch}`);
  }

  /** Writers' requests for one record keep their order, as on one connection; of two writers, any may be first. */
  private later(run: () => void, line = ''): void {
    const slow = this.slowMs > 0 && this.random.next() < 0.3 ? this.random.next() * this.slowMs : 0;
    const at = Math.max(this.time.now + 0.1 + this.random.next() + slow, (this.lines.get(line) ?? 0) + 0.001);
    if (line !== '') this.lines.set(line, at);
    this.time.after(at - this.time.now, run);
  }
}
