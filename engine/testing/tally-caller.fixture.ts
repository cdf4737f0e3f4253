import type { Client } from '../client/client.ts';
import { type Noted, Tally } from './games/tallies/contracts.fixture.ts';

/** What every call may end as. */
const ENDS = ['done', 'node-lost', 'no-owner', 'fenced', 'timeout'];
const PAUSE_MS = 10;
const NOT_EXECUTED = ['no-owner', 'fenced'];

export interface TallyCall {
  readonly mark: number;
  /** 'done', or the code of the error. */
  readonly end: string;
  readonly host: string;
  /** What the tally had noted by then; undefined when the call failed. */
  readonly noted: Noted | undefined;
  /** `performance.now()`. */
  readonly at: number;
}

/** Hears of calls as they are made and end. */
export interface CallListener {
  called(id: number, mark: number): void;
  ended(id: number, mark: number, end: string): void;
}

/** Calls one tally with marks that grow, one after another, until told to stop. Of each call: how it ended, and when. */
export class TallyCaller {
  readonly id: number;
  readonly done: TallyCall[] = [];
  isStopped = false;
  readonly ended: Promise<void>;
  private readonly listener: CallListener | undefined;

  constructor(client: Client, id: number, listener?: CallListener) {
    this.id = id;
    this.listener = listener;
    this.ended = this.run(client.getProxy(Tally, id));
  }

  stop(): Promise<void> {
    this.isStopped = true;
    return this.ended;
  }

  get hosts(): string[] {
    return [...new Set(this.done.flatMap(({ host }) => (host === '' ? [] : [host])))];
  }

  /** Every mark was noted once at most, in order, and in one life of the tally; and none that is said not to have been. */
  fault(): string | undefined {
    const failed = new Map<number, string>();
    let last: { mark: number; noted: Noted } | undefined;
    const mayHaveRun = (mark: number): boolean => failed.has(mark) && !NOT_EXECUTED.includes(failed.get(mark)!);
    for (const { mark, end, noted } of this.done) {
      const wrong = (what: string): string => `${this.id}: ${mark}: ${what}: ${JSON.stringify({ noted, last })}`;
      if (!ENDS.includes(end)) return wrong(`ended as ${end}`);
      if (noted === undefined) {
        failed.set(mark, end);
        continue;
      }
      const { first, before, count } = noted;
      const isSameLife = last !== undefined && first === last.noted.first;
      if (isSameLife) {
        if (before < last!.mark || before >= mark) return wrong('out of order');
        if (before !== last!.mark && !mayHaveRun(before)) return wrong('what was not executed was');
        if (count <= last!.noted.count || count - last!.noted.count > mark - last!.mark) return wrong('noted twice');
      } else {
        if (first <= (last?.mark ?? 0) || first > mark) return wrong('noted in two lives');
        if (first !== mark && !mayHaveRun(first)) return wrong('what was not executed was');
        if (count > mark - first + 1) return wrong('noted twice');
      }
      last = { mark, noted };
    }
    return undefined;
  }

  private async run(tally: Tally): Promise<void> {
    for (let mark = 1; !this.isStopped; mark++) {
      this.listener?.called(this.id, mark);
      try {
        const noted = await tally.note(mark);
        this.note({ mark, end: 'done', host: noted.host, noted, at: performance.now() });
      } catch (error) {
        const { code } = error as { code?: string };
        this.note({ mark, end: code ?? String(error), host: '', noted: undefined, at: performance.now() });
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  private note(call: TallyCall): void {
    this.done.push(call);
    this.listener?.ended(this.id, call.mark, call.end);
  }
}
