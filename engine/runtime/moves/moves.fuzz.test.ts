import assert from 'node:assert/strict';
import test from 'ava';
import * as fc from 'fast-check';
import { EngineError } from '../../base/errors.ts';
import { loadFixtureGame } from '../../testing/fixture-game.fixture.ts';
import { type Level, type Message, Receiver, Sender } from '../../testing/games/order/contracts.fixture.ts';
import { MovingHosts } from '../../testing/moving-hosts.fixture.ts';

const { catalogue } = await loadFixtureGame('order');

const HOSTS = 3;
const RECEIVERS = 4;

/** What a program may do; numbers are taken modulo what there is. */
const action = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      host: fc.nat(HOSTS - 1),
      receiver: fc.nat(RECEIVERS - 1),
      priority: fc.constantFrom<Level>('low', 'medium', 'medium', 'high'),
      isRequest: fc.boolean(),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('entity' as const),
      sender: fc.nat(3),
      receivers: fc.array(fc.nat(RECEIVERS - 1), { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('rounds' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 60 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('move' as const),
      receiver: fc.nat(RECEIVERS - 1),
      to: fc.integer({ min: -1, max: HOSTS - 1 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('install' as const), host: fc.nat(HOSTS - 1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('open' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('delay' as const),
      from: fc.nat(HOSTS - 1),
      to: fc.nat(HOSTS - 1),
      ms: fc.constantFrom(0, 1, 7, 40),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('lease' as const),
      host: fc.nat(HOSTS - 1),
      isOpen: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('room' as const),
      from: fc.nat(HOSTS - 1),
      to: fc.nat(HOSTS - 1),
      frames: fc.constantFrom(0, 2, 65_536),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('cut' as const),
      from: fc.nat(HOSTS - 1),
      to: fc.nat(HOSTS - 1),
      isCut: fc.boolean(),
    }),
  },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;
const crash = fc.record({ kind: fc.constant('crash' as const), host: fc.nat(HOSTS - 1) });
type Step = Action | { kind: 'crash'; host: number };

interface Sent {
  readonly key: string;
  readonly sequence: number;
  readonly isRequest: boolean;
  outcome: 'sent' | 'answered' | 'notExecuted' | 'unknown' | undefined;
  error?: unknown;
}

/** One program from beginning to end, healed at last; throws when anything came out of order, twice, or not at all without a reason. */
async function follow(run: number, steps: readonly Step[]): Promise<void> {
  const hosts = new MovingHosts(catalogue, HOSTS);
  const ids = Array.from({ length: RECEIVERS }, (_, nth) => `receiver ${run} ${nth}`);
  const slots = ids.map((id) => hosts.slotOf(Receiver, id));
  const sequences = new Map<string, number>();
  const sent: Sent[] = [];
  const scripts: Promise<unknown>[] = [];
  let crashed = false;

  const send = (host: number, receiver: number, priority: Level, isRequest: boolean): void => {
    const { view } = hosts.hosts[host]!.node;
    const from = `host ${host}`;
    const key = `${from} → ${receiver}, ${priority}`;
    const sequence = (sequences.get(key) ?? 0) + 1;
    sequences.set(key, sequence);
    const one: Sent = { key, sequence, isRequest, outcome: undefined };
    sent.push(one);
    const target = view.getProxy(Receiver, ids[receiver]!, { priority });
    const message: Message = { from, ordered: true, priority, sequence, padding: '' };
    const failed = (error: unknown): void => {
      one.error = error;
      one.outcome = error instanceof EngineError ? error.outcome : undefined;
    };
    if (!isRequest) {
      try {
        target.oneWay(message);
        one.outcome = 'sent';
      } catch (error) {
        failed(error);
      }
      return;
    }
    target.request(message).then(() => {
      one.outcome = 'answered';
    }, failed);
  };

  const act = async (step: Step): Promise<void> => {
    const living = hosts.living();
    const pick = (host: number): number => living[host % living.length]!;
    switch (step.kind) {
      case 'send':
        for (let i = 0; i < step.count; i++) send(pick(step.host), step.receiver, step.priority, step.isRequest);
        return;
      case 'entity': {
        const script = step.receivers.map((receiver) => {
          return {
            receiver: ids[receiver]!,
            priority: 'medium',
            operation: 'oneWay',
            awaited: false,
            padding: 0,
          } as const;
        });
        const sender = hosts.hosts[pick(0)]!.node.view.getProxy(
          Sender,
          `sender ${run} ${scripts.length} ${step.sender}`,
        );
        scripts.push(sender.run(script).catch((error) => error));
        return;
      }
      case 'rounds':
        return hosts.settled();
      case 'advance':
        return hosts.advance(step.ms, 5);
      case 'move':
        hosts.assign(slots[step.receiver]!, step.to === -1 ? -1 : pick(step.to));
        return;
      case 'install':
        hosts.install(pick(step.host));
        return;
      case 'open':
        // The barrier: all go by what was decided last.
        hosts.installAll();
        return;
      case 'delay':
        hosts.links[step.from]![step.to]!.delayMs = step.ms;
        return;
      case 'room':
        hosts.links[step.from]![step.to]!.framesMax = step.frames;
        return;
      case 'cut':
        hosts.links[step.from]![step.to]!.isCut = step.isCut;
        return;
      case 'lease':
        hosts.hosts[step.host]!.lease.isOpen = step.isOpen;
        return;
      case 'crash': {
        if (living.length === 1) return;
        crashed = true;
        const dead = pick(step.host);
        hosts.crash(dead);
        for (const one of sent) {
          // Nobody hears any more what becomes of its calls.
          if (one.outcome === undefined && one.key.startsWith(`host ${dead} `)) one.outcome = 'unknown';
        }
      }
    }
  };

  try {
    for (const step of steps) await act(step);
    for (const row of hosts.links) {
      for (const link of row) {
        link.isCut = false;
        link.framesMax = 65_536;
        link.delayMs = 0;
      }
    }
    for (const { lease } of hosts.hosts) lease.isOpen = true;
    const [first] = hosts.living();
    hosts.adopt(first!);
    hosts.installAll();
    await hosts.advance(1500, 50);
    // An answer that found no room: its caller waits until its deadline.
    await hosts.advance(32_000, 2000);
    const pending = sent.filter(({ outcome }) => outcome === undefined);
    assert.deepEqual(pending, [], 'a call did not end, or not with a typed error');
    await check(hosts, ids, sent, crashed);
    let areDone = crashed;
    void Promise.all(scripts).then(() => {
      areDone = true;
    });
    for (let tries = 0; !areDone && tries < 50; tries++) await hosts.advance(10_000, 5000);
    assert.ok(areDone, 'a script did not end');
  } finally {
    hosts.stop();
  }
}

async function check(
  hosts: MovingHosts,
  ids: readonly string[],
  sent: readonly Sent[],
  crashed: boolean,
): Promise<void> {
  const [first] = hosts.living();
  for (const [nth, id] of ids.entries()) {
    const received = hosts.hosts[first!]!.node.view.getProxy(Receiver, id).received();
    await hosts.advance(150, 30);
    const journal = await received;
    const last = new Map<string, number>();
    const seen = new Set<string>();
    for (const { from, priority, sequence } of journal) {
      const key = `${from} → ${nth}, ${priority}`;
      assert.ok(sequence > (last.get(key) ?? 0), `${key}: ${sequence} came behind ${last.get(key)}`);
      last.set(key, sequence);
      seen.add(`${key}: ${sequence}`);
    }
    for (const one of sent) {
      const { key, sequence, outcome } = one;
      if (!key.includes(`→ ${nth},`)) continue;
      const name = `${key}: ${sequence}`;
      if (outcome === 'notExecuted') assert.ok(!seen.has(name), `${name} was executed: ${one.error}`);
      if (outcome === 'answered') assert.ok(seen.has(name), `${name} was answered and not executed`);
      if (outcome === 'sent' && !crashed && hosts.count('deadLetters') === 0) {
        assert.ok(seen.has(name), `${name} was lost`);
      }
    }
  }
}

let run = 0;
for (const [title, programs, runs] of [
  ['slots that move', fc.array(action, { minLength: 5, maxLength: 60, size: 'max' }), 25],
  [
    'slots that move and hosts that crash',
    fc.array(fc.oneof({ weight: 25, arbitrary: action as fc.Arbitrary<Step> }, { weight: 1, arbitrary: crash }), {
      minLength: 5,
      maxLength: 60,
      size: 'max',
    }),
    25,
  ],
] as const) {
  test(`messages arrive in order, once, or with a typed reason: ${title}`, async (t) => {
    await fc.assert(
      fc.asyncProperty(programs as fc.Arbitrary<Step[]>, (steps) => follow(++run, steps)),
      { numRuns: Number(process.env.SKERRY_MOVES_RUNS ?? runs), endOnFailure: true, includeErrorInReport: true },
    );
    t.pass();
  });
}
