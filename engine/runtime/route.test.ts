import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { loadFixtureGame } from '../testing/fixture-game.fixture.ts';
import { Probe } from '../testing/games/probe/contracts.fixture.ts';
import { LocalHost } from '../testing/local-host.ts';

const { catalogue } = await loadFixtureGame('probe');

/** This file runs as build/engine/runtime/route.test.js. */
const fromRoot = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** What ARCHITECTURE.md says, step by step. */
function steps(): string[] {
  const text = readFileSync(fromRoot('ARCHITECTURE.md'), 'utf8');
  const section = /\n## The route of one message\n([\s\S]*?)(?=\n## |$)/.exec(text)?.[1] ?? '';
  return section.match(/^ ?\d[. ].*$/gm) ?? [];
}

test('the files that ARCHITECTURE.md names on the route are there, in the order that this test walks', (t) => {
  const named = steps();
  const order = ['proxy', 'caller', 'transport/ring', 'node', 'dispatcher', 'scheduler', 'reply'];
  t.is(named.length, order.length);
  for (const [i, step] of named.entries()) {
    t.true(step.includes(order[i]!), step);
    for (const [, path] of step.matchAll(/`((?:engine|transport|codegen)\/[\w./-]*)`/g)) {
      t.true(existsSync(fromRoot(path!)), `${path} of: ${step}`);
    }
  }
});

/**
 * One call from node 0 to an entity of `owner`, with what can be seen at each seam. Nodes are driven by hand: this runs in one go of the
 * microtask queue, between two of whose goes their own rounds would come.
 */
async function walk(t: ExecutionContext, owner: 0 | 1): Promise<Record<string, number>> {
  const host = new LocalHost(catalogue, { nodes: 2 });
  t.teardown(() => host.stop());
  await host.settled();
  const caller = host.nodes[0]!;
  const callee = host.nodes[owner]!;
  const there = host.links[0]![owner]!;
  const back = host.links[owner]![0]!;
  const round = (node: typeof caller): number => {
    node.running(true);
    return node.run(host.clock.now(), 64);
  };
  await null;

  // 1 generated proxy: checked and encoded at once, straight into the link.
  const proxy = host.view(0).getProxy(Probe, host.idOn(owner, Probe));
  t.is(proxy.constructor.name, 'ProbeProxy');
  t.false(Object.hasOwn(proxy, 'add'));
  const answer = proxy.add(5);

  // 2 runtime caller: the owner's link has it, and a pending call waits with a deadline.
  t.is(there.frames, 1);
  t.is(caller.counters.callsSent, 1);
  t.is(caller.state.pending.size, 1);
  t.true(caller.state.pending.nextDeadline > host.clock.now() + 29_000);

  // 3 transport: committed, and not seen by anybody before the flush.
  t.false(callee.pending());
  t.is(there.bytes, 0);
  caller.flush();
  t.true(there.bytes > 0);
  t.true(callee.pending());

  // 4 runtime node: the round of the owner drains its links.
  t.is(callee.counters.turnsRun, 0);
  t.is(round(callee), 1);
  t.false(callee.pending());

  // 5 runtime dispatcher: nobody was there, so the entity was activated.
  t.is(callee.counters.activations, 1);
  t.is(callee.figures().gauges.entities, 1);

  // 6 runtime scheduler: it was free, so the turn has begun where the frame lay.
  t.is(callee.counters.turnsRun, 1);
  t.is(back.frames, owner === 0 ? 1 : 0);

  // 7 runtime reply: when the operation's promise is fulfilled, on the same links, in the microtasks of the round.
  await null;
  t.is(back.frames, owner === 0 ? 2 : 1);
  t.is(caller.counters.callsCompleted, 0);
  callee.flush();
  t.true(caller.pending());
  t.is(round(caller), 1);
  t.is(caller.counters.callsCompleted, 1);
  t.is(caller.state.pending.size, 0);
  t.is(await answer, 5);

  const elsewhere = host.links.flat().filter((link) => link !== there && link !== back);
  t.true(elsewhere.every(({ frames }) => frames === 0));
  const counted = host.nodes.map(({ counters }) => counters);
  return Object.fromEntries(
    Object.keys(counted[0]!).map((name) => [
      name,
      counted.reduce((sum, counters) => sum + counters[name as keyof typeof counters], 0),
    ]),
  );
}

test('the route of one message, and that a call on the same node skips the ring but nothing else', async (t) => {
  const remote = await walk(t, 1);
  const local = await walk(t, 0);
  t.deepEqual(local, remote);
  t.is(local.turnsRun, 1);
});
