/** What every control store promises, as cases to run against it. */
import type { ExecutionContext, TestFn } from 'ava';
import type { ControlKey, Entry, MasterRecord } from './control-record.ts';
import type { ControlStore, StoreListener } from './control-store.ts';
import type { StoreEffect, StoreEvent } from './machine.ts';

type Effect<K> = Omit<Extract<StoreEffect, { kind: K }>, 'kind' | 'request'>;

/** Asks one store and waits for its answers. */
export class StoreClient {
  readonly told: StoreEvent[] = [];
  readonly answers: StoreEvent[] = [];
  store: ControlStore | undefined;
  private requests = 0;
  private wake: (() => void)[] = [];

  readonly listener: StoreListener = (event) => {
    this.told.push(event);
    for (const wake of this.wake.splice(0)) wake();
  };

  async event<E extends StoreEvent>(test: (event: StoreEvent) => event is E): Promise<E> {
    for (;;) {
      const found = this.told.find(test);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.wake.push(resolve));
    }
  }

  ask(effect: Effect<'read'> | Effect<'cas'>): Promise<StoreEvent> {
    const request = ++this.requests;
    this.store!.perform(
      ('value' in effect ? { kind: 'cas', request, ...effect } : { kind: 'read', request, ...effect }) as StoreEffect,
    );
    return this.event((event): event is StoreEvent => 'request' in event && event.request === request);
  }

  async poll(): Promise<readonly Entry[]> {
    const isPolled = (event: StoreEvent): event is Extract<StoreEvent, { kind: 'polled' }> => event.kind === 'polled';
    this.told.splice(0);
    this.store!.perform({ kind: 'poll' });
    return (await this.event(isPolled)).entries;
  }

  observed(key: ControlKey, revision: number): Promise<StoreEvent> {
    return this.event(
      (event): event is StoreEvent =>
        event.kind === 'observed' && event.entry.key === key && event.entry.revision === revision,
    );
  }
}

export const seat = (nonce: string, term = 1): MasterRecord => ({
  host: 'a',
  inc: 1,
  nonce,
  term,
  seq: 1,
  released: false,
});

const revisionOf = (event: StoreEvent): number => (event.kind === 'cas-done' ? event.revision : -1);

/** `make` opens two clients of one empty store. */
export function controlStoreConformance(
  test: TestFn,
  name: string,
  make: (t: ExecutionContext) => Promise<readonly [StoreClient, StoreClient]>,
): void {
  test(`${name}: a key is written on its revision and on no other`, async (t) => {
    const [one, other] = await make(t);
    t.deepEqual(await one.ask({ key: 'master' }), { kind: 'read-done', request: 1, entry: undefined });
    t.is((await one.ask({ key: 'master', expected: 7, value: seat('x') })).kind, 'cas-conflict');
    const first = revisionOf(await one.ask({ key: 'master', expected: 0, value: seat('1:1') }));
    t.true(first > 0);
    t.is((await other.ask({ key: 'master', expected: 0, value: seat('2:1') })).kind, 'cas-conflict');
    const second = revisionOf(await other.ask({ key: 'master', expected: first, value: seat('2:2', 2) }));
    t.true(second > first);
    t.is((await one.ask({ key: 'master', expected: first, value: seat('1:2') })).kind, 'cas-conflict');
    const read = await one.ask({ key: 'master' });
    t.deepEqual(read.kind === 'read-done' && read.entry, { key: 'master', revision: second, value: seat('2:2', 2) });
  });

  test(`${name}: of many writes on one revision one is done`, async (t) => {
    const [one, other] = await make(t);
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        (at % 2 === 0 ? one : other).ask({ key: 'master', expected: 0, value: seat(`n:${at}`) }),
      ),
    );
    t.is(results.filter(({ kind }) => kind === 'cas-done').length, 1);
    t.is(results.filter(({ kind }) => kind === 'cas-conflict').length, 39);
    const winner = results.findIndex(({ kind }) => kind === 'cas-done');
    const read = await other.ask({ key: 'master' });
    t.is(read.kind === 'read-done' && read.entry!.value.nonce, `n:${winner}`);
  });

  test(`${name}: revisions number the writes of all keys, and a poll tells every key`, async (t) => {
    const [one, other] = await make(t);
    t.deepEqual(await one.poll(), []);
    const record = { host: 'a', inc: 1, nonce: 'h', seq: 1, state: 'up', viewEpoch: 0, nodes: 1 } as const;
    const host = { ...record, lives: [0], frozen: [], occupied: [], holds: [] };
    const first = revisionOf(await one.ask({ key: 'host.a', expected: 0, value: host }));
    const second = revisionOf(await one.ask({ key: 'host.b', expected: 0, value: { ...host, host: 'b' } }));
    const third = revisionOf(await one.ask({ key: 'master', expected: 0, value: seat('m') }));
    t.true(first < second && second < third);
    const polled = [...(await other.poll())].sort((a, b) => a.revision - b.revision);
    t.deepEqual(
      polled.map(({ key, revision }) => [key, revision]),
      [
        ['host.a', first],
        ['host.b', second],
        ['master', third],
      ],
    );
    t.deepEqual(polled[1]!.value, { ...host, host: 'b' });
  });

  test(`${name}: others are told of what was written, and of nothing that was not`, async (t) => {
    const [one, other] = await make(t);
    const first = revisionOf(await one.ask({ key: 'master', expected: 0, value: seat('1') }));
    t.is((await one.ask({ key: 'master', expected: 0, value: seat('refused') })).kind, 'cas-conflict');
    const second = revisionOf(await one.ask({ key: 'master', expected: first, value: seat('2') }));
    await other.observed('master', first);
    await other.observed('master', second);
    const nonces = other.told.map((event) => (event.kind === 'observed' ? event.entry.value.nonce : ''));
    t.false(nonces.includes('refused'));
  });

  test(`${name}: answers come later, and none once it is closed`, async (t) => {
    const [one, other] = await make(t);
    one.store!.perform({ kind: 'cas', request: 900, key: 'master', expected: 0, value: seat('1') });
    t.is(one.told.length, 0);
    one.store!.close();
    const written = async (): Promise<boolean> => {
      const read = await other.ask({ key: 'master' });
      return read.kind === 'read-done' && read.entry !== undefined;
    };
    while (!(await written())) await new Promise((resolve) => setImmediate(resolve));
    await other.poll();
    t.is(one.told.length, 0);
  });
}
