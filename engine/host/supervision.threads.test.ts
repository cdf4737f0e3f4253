import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { connect } from '../client/index.ts';
import type { Contract } from '../contract/contract.ts';
import { gameFile } from '../testing/fixture-game.fixture.ts';
import { Cursed, Lobby, Perilous } from '../testing/games/perilous/contracts.fixture.ts';
import { startHost } from './embed.ts';
import type { Host } from './host-options.ts';
import type { LastDeath } from './supervision.ts';

/** A limit of the watchdog that a loaded machine does not reach by itself, and a test can wait for. */
const HANG_MS = 1500;

async function start(
  t: ExecutionContext,
  options: { workers: number; heapMb?: number; hangMs?: number },
): Promise<Host> {
  const host = await startHost({
    game: gameFile('perilous'),
    port: 0,
    adminPort: 0,
    store: 'memory',
    logLevel: 'silent',
    hangMs: HANG_MS,
    ...options,
  });
  t.teardown(() => host.stop());
  return host;
}

/** An entity on a node; `nth` tells several apart. */
async function idOn(host: Host, node: number, nth = 0, contract: Contract<any> = Perilous) {
  for (let id = 1 + nth * 1000; ; id++) if ((await host.locate<any>(contract, id)).node === node) return id;
}

interface NodeFigures {
  restarts: number;
  slowTurns: number;
  lastDeath?: LastDeath;
  counters?: Record<string, number>;
}

async function nodesOf(host: Host): Promise<NodeFigures[]> {
  return (await (await fetch(`http://127.0.0.1:${host.adminPort}/api/nodes`)).json()) as NodeFigures[];
}

async function release(host: Host, body: object): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${host.adminPort}/api/quarantine/release`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return answer.status;
}

/** Ways to die, each with what it is called afterwards and whether the operation is known to have done it. */
const FAULTS = [
  { how: 'exit', why: 'exited', isBlamed: true },
  { how: 'throwLater', why: 'crashed', isBlamed: false },
  { how: 'eatObjects', why: 'out-of-memory', isBlamed: true },
  { how: 'spin', why: 'hung', isBlamed: true },
  { how: 'backtrack', why: 'hung', isBlamed: true },
  { how: 'spinAfterAwait', why: 'hung', isBlamed: true },
] as const;

test.serial('a node that dies, of whatever, is named and replaced; the others do not notice', async (t) => {
  t.timeout(120_000);
  const host = await start(t, { workers: 4, heapMb: 48 });
  const [first, second] = [await idOn(host, 0), await idOn(host, 1)];
  const bystander = host.getProxy(Perilous, first);
  let goesOn = true;
  let exchanged = 0;
  const between = (async () => {
    while (goesOn) exchanged = await bystander.exchange(host.getProxy(Perilous, second), 20);
  })();
  for (const [nth, { how, why, isBlamed }] of FAULTS.entries()) {
    const node = 2 + (nth % 2);
    const id = await idOn(host, node, nth);
    const victim = host.getProxy(Perilous, id);
    t.is(await victim.add(5), 5);
    const error = await t.throwsAsync<any>(victim[how](), { name: 'NodeDownError', code: 'node-lost' }, how);
    t.is(error.outcome, 'unknown');
    // Made again from nothing, on the next thread.
    t.is(await victim.add(1), 1, how);
    const { restarts, lastDeath } = (await nodesOf(host))[node]!;
    t.is(restarts, 1 + Math.floor(nth / 2));
    t.is(lastDeath?.why, why, how);
    const named = { entity: lastDeath?.entity, id: lastDeath?.id, operation: lastDeath?.operation };
    t.deepEqual(
      named,
      isBlamed
        ? { entity: 'Perilous', id, operation: `Perilous.${how}` }
        : { entity: undefined, id: undefined, operation: undefined },
      how,
    );
    t.is((await fetch(`http://127.0.0.1:${host.adminPort}/readyz`)).status, 200);
  }
  goesOn = false;
  await between;
  t.true(exchanged >= 20);
  t.deepEqual(
    (await nodesOf(host)).map(({ restarts }) => restarts),
    [0, 0, 3, 3, undefined] as number[],
  );
});

test.serial(
  'what a dead node had not taken runs after all, once, in order; what it had taken ends as node-lost',
  async (t) => {
    t.timeout(60_000);
    const host = await start(t, { workers: 2 });
    const file = join(mkdtempSync(join(tmpdir(), 'skerry-')), 'marks');
    const victim = host.getProxy(Perilous, await idOn(host, 1));
    const caller = host.getProxy(Perilous, await idOn(host, 0));
    await victim.add(1);
    const lines = (from: number): string[] => Array.from({ length: 3000 }, (_, i) => String(from + i));
    const early = caller.marks(victim, file, lines(0));
    const death = victim.exit().catch((error) => error.code);
    const late = caller.marks(victim, file, lines(3000));
    t.is(await death, 'node-lost');
    const outcomes = [...(await early), ...(await late)];
    const ran = readFileSync(file, 'utf8').trim().split('\n').map(Number);
    t.deepEqual(
      ran,
      [...new Set(ran)].sort((a, b) => a - b),
      'at most once, in order',
    );
    const executed = new Set(ran);
    for (const [n, outcome] of outcomes.entries()) {
      if (outcome === 'done') t.true(executed.has(n));
      else t.is(outcome, 'NodeDownError node-lost unknown');
    }
    t.true(outcomes.includes('done'));
  },
);

test.serial(
  'an operation that killed its node twice is refused until it is released; the third death takes the entity',
  async (t) => {
    t.timeout(60_000);
    const host = await start(t, { workers: 2 });
    const id = await idOn(host, 1);
    const poison = host.getProxy(Perilous, id);
    const dies = (call: Promise<unknown>) => t.throwsAsync(call, { code: 'node-lost' });
    const refused = (call: Promise<unknown>) => t.throwsAsync(call, { name: 'UnavailableError', code: 'quarantined' });
    await dies(poison.exit());
    await dies(poison.exit());
    const error = await refused(poison.exit());
    t.is((error as any).outcome, 'notExecuted');
    t.regex(error.message, /Perilous\.exit of Perilous\/\d+ is quarantined/);
    // Nobody else suffers, nor does its other work.
    t.is(await poison.add(2), 2);
    const { quarantined } = (await (await fetch(`http://127.0.0.1:${host.adminPort}/api/quarantine`)).json()) as any;
    t.like(quarantined, [{ type: 'Perilous', id, operation: 'Perilous.exit' }]);
    t.is(await release(host, { type: 'Perilous', id: -1 }), 404);
    t.is(await release(host, { type: 'Perilous' }), 400);
    // By a task this time.
    await poison.schedule().catch(() => {});
    while ((await nodesOf(host))[1]!.restarts < 3);
    await refused(poison.add(1));
    await refused(host.create(Perilous, id));
    t.is(await release(host, { type: 'Perilous', id }), 200);
    t.is(await poison.add(3), 3);
  },
);

test.serial('an entity that its node does not survive the activation of is quarantined whole', async (t) => {
  t.timeout(60_000);
  const host = await start(t, { workers: 1 });
  const cursed = host.getProxy(Cursed, 1);
  await t.throwsAsync(cursed.touch(), { code: 'node-lost' });
  await t.throwsAsync(cursed.touch(), { code: 'node-lost' });
  await t.throwsAsync(cursed.touch(), { code: 'quarantined' });
  t.like((await nodesOf(host))[0]!.lastDeath, { why: 'exited', entity: 'Cursed', operation: 'onActivate' });
});

test.serial('a slow turn is counted, and not a dead node; a timer that does not return is found', async (t) => {
  t.timeout(60_000);
  const host = await start(t, { workers: 2, hangMs: 3 * HANG_MS });
  const slow = host.getProxy(Perilous, await idOn(host, 1));
  t.is(await slow.block(HANG_MS * 1.5), 'unharmed');
  const [, { slowTurns, restarts }] = (await nodesOf(host)) as [NodeFigures, NodeFigures];
  t.is(slowTurns, 1);
  t.is(restarts, 0);
  await t.throwsAsync(slow.spinInTimer(), { code: 'node-lost' });
  t.is((await nodesOf(host))[1]!.lastDeath?.why, 'hung');
});

test.serial('a corrupt ring costs the node that wrote it, and no other', async (t) => {
  t.timeout(60_000);
  const host = await start(t, { workers: 3 });
  const there = host.getProxy(Perilous, await idOn(host, 0));
  const [writer, other] = [host.getProxy(Perilous, await idOn(host, 1)), host.getProxy(Perilous, await idOn(host, 2))];
  await writer.add(1);
  const { mesh } = (host as any).parts.threads as { mesh: { links: SharedArrayBuffer[][] } };
  const damagedAt = performance.now();
  const words = new Int32Array(mesh.links[1]![0]!);
  words.fill(0x5555, 160);
  Atomics.add(words, 1, 64);
  // Whatever wakes node 0.
  while ((await nodesOf(host))[1]!.lastDeath === undefined) await there.add(1);
  const elapsed = performance.now() - damagedAt;
  t.is((await nodesOf(host))[1]!.lastDeath?.why, 'corrupt-link');
  t.is((await other.exchange(there, 5)) > 0, true);
  t.is((await writer.exchange(there, 5)) > 0, true);
  t.like(
    (await nodesOf(host)).map(({ restarts }) => restarts),
    [0, 1, 0],
  );
  t.log(`closed and killed after ${Math.round(elapsed)} ms`);
});

test.serial('a client keeps its session when a node dies; its call ends with the error', async (t) => {
  t.timeout(60_000);
  const host = await start(t, { workers: 2 });
  const client = await connect(`ws://127.0.0.1:${host.port}`, { ticket: 'somebody' });
  const id = await idOn(host, 1, 0, Lobby);
  const lobby = client.getProxy(Lobby, id);
  t.is(await lobby.echo('before'), 'before');
  const death = lobby.exit();
  await t.throwsAsync(death, { name: 'NodeDownError', code: 'node-lost' });
  t.is(await lobby.echo('after'), 'after');
  const other = client.getProxy(Lobby, await idOn(host, 0, 0, Lobby));
  t.is(await other.echo('other'), 'other');
  await client.close();
});
