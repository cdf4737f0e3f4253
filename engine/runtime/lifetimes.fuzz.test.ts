import test from 'ava';
import * as fc from 'fast-check';
import { loadFixtureGame } from '../testing/fixture-game.fixture.ts';
import { Brittle, Gate, Made, Probe, Small, Ticker } from '../testing/games/probe/contracts.fixture.ts';
import { LocalHost } from '../testing/local-host.ts';
import { ManualClock } from '../testing/manual-clock.ts';

const { catalogue } = await loadFixtureGame('probe');

type Step =
  | {
      kind: 'call';
      operation: (typeof OPERATIONS)[number];
      node: number;
      timeout: number | undefined;
      abortAfter: number;
    }
  | { kind: 'create' | 'destroy' | 'read'; id: number }
  | { kind: 'brittle'; id: number; oneWay: boolean }
  | { kind: 'small'; hold: boolean }
  | { kind: 'tick'; cancel: boolean }
  | { kind: 'advance'; ms: number }
  | { kind: 'open' | 'settle' };

const OPERATIONS = [
  'hold',
  'exclusive',
  'reading',
  'single',
  'failSoon',
  'note',
  'failOneWay',
  'waitFor',
  'unreliable',
] as const;

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('call' as const),
      operation: fc.constantFrom(...OPERATIONS),
      node: fc.nat(1),
      timeout: fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined }),
      abortAfter: fc.constantFrom(-1, -1, 0, 1, 3),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('create' as const, 'destroy' as const, 'read' as const),
      id: fc.nat(2),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('brittle' as const), id: fc.nat(3), oneWay: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('small' as const), hold: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('tick' as const), cancel: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(60) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('open' as const, 'settle' as const) }) },
);

/**
 * Whatever is called, aborted, created, destroyed or left waiting: every call ends, every turn ends, and nothing is kept of either.
 */
test('nothing is left of what has ended', async (t) => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
      const clock = new ManualClock();
      const host = new LocalHost(catalogue, { nodes: 2, clock });
      try {
        await play(host, steps, ++run);
      } finally {
        host.stop();
      }
    }),
    { numRuns: 60, endOnFailure: true, includeErrorInReport: true },
  );
  t.true(run > 0);
});

async function play(host: LocalHost, steps: readonly Step[], run: number): Promise<void> {
  const view = host.view(0);
  const gate = view.getProxy(Gate, 0);
  const names = new Set<string>();
  const calls: Promise<unknown>[] = [];
  const aborts: { after: number; controller: AbortController }[] = [];
  const call = (promise: Promise<unknown> | void): void => {
    calls.push(Promise.resolve(promise).catch(() => {}));
  };
  for (const one of steps) {
    for (const abort of aborts) if (abort.after-- === 0) abort.controller.abort();
    switch (one.kind) {
      case 'call': {
        const { operation, node, timeout, abortAfter } = one;
        const options: { timeout?: number; signal?: AbortSignal } = {};
        if (timeout !== undefined) options.timeout = timeout;
        if (abortAfter >= 0) {
          const controller = new AbortController();
          aborts.push({ after: abortAfter, controller });
          options.signal = controller.signal;
        }
        const probe = view.getProxy(Probe, host.idOn(node, Probe, run * 100), options);
        const name = `${run} ${names.size % 3}`;
        names.add(name);
        if (operation === 'waitFor')
          call(probe.waitFor(view.getProxy(Probe, host.idOn(1 - node, Probe, run * 100 + 50)), name));
        else if (operation === 'failSoon' || operation === 'failOneWay') call(probe[operation]('plain'));
        else call((probe[operation] as (text: string, gate: string) => Promise<void>)(operation, name));
        break;
      }
      case 'create':
        call(view.create(Made, `${run} ${one.id}`, one.id));
        break;
      case 'destroy':
        call(view.destroy(Made, `${run} ${one.id}`));
        break;
      case 'read':
        call(view.getProxy(Made, `${run} ${one.id}`, { timeout: 30 }).read());
        break;
      case 'brittle': {
        const controller = new AbortController();
        aborts.push({ after: 4, controller });
        const id = `b${run}-${one.id}`;
        const brittle = view.getProxy(Brittle, `${id}:${one.id}:gated`, { signal: controller.signal });
        for (let tried = 1; tried <= one.id + 1; tried++) names.add(`${id} ${tried}`);
        call(one.oneWay ? brittle.note('x') : brittle.leaving());
        break;
      }
      case 'small': {
        const small = view.getProxy(Small, run);
        names.add(`${run} small`);
        call(one.hold ? small.hold(`${run} small`) : small.add(1));
        break;
      }
      case 'tick': {
        const ticker = view.getProxy(Ticker, run);
        call(one.cancel ? ticker.cancel('say') : ticker.every('say', 10, 'say'));
        break;
      }
      case 'advance':
        await host.advance(one.ms);
        break;
      case 'open':
        for (const name of names) call(gate.open(name));
        break;
      case 'settle':
        await host.settled();
        break;
    }
  }
  for (const abort of aborts) abort.controller.abort();
  for (const name of names) call(gate.open(name));
  await host.settled();
  // Whatever is still under way has nothing left to wait for, but a deadline may be what ends it.
  for (let i = 0; i < 8; i++) await host.advance(1000);
  await host.advance(3_600_000);
  await Promise.all(calls);
  await host.settled();
  for (const node of host.nodes) {
    const inside = node as unknown as {
      scheduler: {
        room: { abortables: { size: number }; waiting: Map<unknown, unknown>; ledger: { all: unknown[] } };
        ready: unknown[];
      };
      state: { pending: { endings: Map<number, unknown> } };
    };
    const { gauges } = node.figures();
    const left = {
      calls: gauges.callsPending,
      turns: gauges.turnsOpen,
      backlog: gauges.backlogFrames,
      abortables: inside.scheduler.room.abortables.size,
      waiting: inside.scheduler.room.waiting.size,
      ledger: inside.scheduler.room.ledger.all.length,
      ready: inside.scheduler.ready.length,
      endings: inside.state.pending.endings.size,
      invalid: node.counters.invalidMessages,
    };
    for (const [what, count] of Object.entries(left)) if (count !== 0) throw new Error(`${count} ${what} left`);
  }
}
