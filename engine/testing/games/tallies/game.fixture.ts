import { appendFileSync } from 'node:fs';
import { defineGame, entity, type int32, NodeEntity } from 'skerry';
import { type Noted, Tally } from './contracts.fixture.ts';

const JOURNAL = process.argv.find((flag) => flag.startsWith('--journal='))?.slice('--journal='.length);

/** One line of a journal: a note that was taken, in one slice. Times in milliseconds: the machine's monotonic clock, and the wall. */
export interface JournalLine {
  readonly pid: number;
  readonly node: number;
  readonly slot: number;
  readonly epoch: number;
  readonly id: number;
  readonly mark: number;
  readonly from: number;
  readonly to: number;
  readonly wall: number;
}

/** What an entity's node has beside its public face, as far as a journal needs it. */
interface Insight {
  readonly slot: number;
  readonly state: { readonly index: number; readonly epochs: Int32Array | undefined };
}

const now = (): number => Number(process.hrtime.bigint()) / 1e6;

export class TallyEntity extends NodeEntity implements Tally {
  #first = 0;
  #last = 0;
  #count = 0;

  async note(mark: int32): Promise<Noted> {
    const from = now();
    const before = this.#last;
    if (this.#count++ === 0) this.#first = mark;
    this.#last = mark;
    const noted = { first: this.#first, before, count: this.#count };
    if (JOURNAL !== undefined) this.#write(JOURNAL, mark, from);
    const { host } = await this.node.locate(Tally, this.id);
    return { host, ...noted };
  }

  pass(to: int32, mark: int32): Promise<Noted> {
    return this.node.getProxy(Tally, to).note(mark);
  }

  #write(file: string, mark: number, from: number): void {
    const { slot, state } = this.node as unknown as Insight;
    const { index: node, epochs } = state;
    const about = { pid: process.pid, node, slot, epoch: epochs?.[slot] ?? 0, id: this.id as number, mark };
    const line: JournalLine = { ...about, from, to: now(), wall: Date.now() };
    appendFileSync(file, `${JSON.stringify(line)}\n`);
  }

  async endThread(): Promise<void> {
    process.exit(1);
  }
}

export default defineGame({
  name: 'tallies',
  entities: [entity(Tally, TallyEntity)],
  gateway: {
    authenticate: () => ({ id: 'tester' }),
  },
});
