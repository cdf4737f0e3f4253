import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { needsProgram } from '../../scripts/programs.ts';
import { ContractMismatchError, NodeDownError } from '../base/errors.ts';
import { Catalogue } from '../runtime/catalogue.ts';
import { loadFixtureGame } from '../testing/fixture-game.fixture.ts';
import { Gate, Made, Probe } from '../testing/games/probe/contracts.fixture.ts';
import { NatsServer } from '../testing/nats-server.fixture.ts';
import { LinkedNode, PEER } from './linked-node.fixture.ts';

const test = (needsProgram('nats') ? anyTest : anyTest.skip) as TestFn;
const { catalogue } = await loadFixtureGame('probe');

/** Journals outlive their hosts, so every test has entities of its own. */
const ids = { next: 1 };
const from = (): number => (ids.next += 1000);

async function pair(
  t: ExecutionContext,
  games = [catalogue, catalogue],
): Promise<{ server: NatsServer; a: LinkedNode; b: LinkedNode }> {
  const server = await NatsServer.start({ jetStream: false });
  const a = new LinkedNode(server.url, 'a', 0, games[0]!);
  const b = new LinkedNode(server.url, 'b', 1, games[1]!);
  t.teardown(async () => {
    await Promise.all([a.stop(), b.stop()]);
    await server.dispose();
  });
  a.peers.change([b.met], []);
  b.peers.change([a.met], []);
  await Promise.all([linked(a), linked(b)]);
  return { server, a, b };
}

const linked = ({ log }: LinkedNode): Promise<unknown> => log.line(({ message }) => message.includes('was met'));

test('entities of two hosts call each other: values, errors, proxies, order, new entities', async (t) => {
  const { a, b } = await pair(t);
  const there = b.idHere(Probe, from());
  const probe = a.node.view.getProxy(Probe, there);
  t.is(await probe.text('over'), 'over');
  t.is(await probe.text('long '.repeat(100_000)), 'long '.repeat(100_000));
  for (let i = 0; i < 500; i++) probe.note(`${i}`);
  t.deepEqual(
    await probe.journal(),
    Array.from({ length: 500 }, (_, i) => `${i}`),
  );
  await t.throwsAsync(probe.fail('game'), { name: 'GameError' });
  // The other one calls back to this host.
  const here = a.node.view.getProxy(Probe, a.idHere(Probe, from()));
  await t.throwsAsync(probe.failThrough(here, 'game'), { name: 'GameError' });
  t.deepEqual(((await probe.describeThrough(here)) as { other: { caller: unknown } }).other.caller, {
    kind: 'entity',
    contract: 'Probe',
    id: there,
  });
  const made = b.idHere(Made);
  await a.node.view.create(Made, made, { a: 1 });
  t.deepEqual(await a.node.view.getProxy(Made, made).read(), { a: 1 });
  await t.throwsAsync(a.node.view.create(Made, made), { name: 'EntityExistsError' });
  t.true(await a.node.view.destroy(Made, made));
  t.deepEqual(await a.node.view.locate(Probe, there), {
    host: 'a',
    node: PEER,
    slot: (await a.node.view.locate(Probe, there)).slot,
  });
});

test('deadlines hold on the other clock, aborts arrive, unreliable messages pass', async (t) => {
  const { a, b } = await pair(t);
  const id = b.idHere(Probe, from());
  const gate = a.node.view.getProxy(Gate, 0);
  const { remaining } = (await a.node.view.getProxy(Probe, id, { timeout: '3s' }).describeCall()) as {
    remaining: number;
  };
  t.true(remaining > 1000 && remaining <= 3001, `${remaining}`);
  await t.throwsAsync(a.node.view.getProxy(Gate, b.idHere(Gate), { timeout: '30ms' }).pass('never'), {
    name: 'CallTimeoutError',
  });
  const abort = new AbortController();
  const held = a.node.view.getProxy(Probe, id, { signal: abort.signal }).exclusive('held', 'g');
  const next = a.node.view.getProxy(Probe, id, { signal: abort.signal }).exclusive('next', 'h');
  await gate.reached('g');
  abort.abort(new Error('enough'));
  await t.throwsAsync(held, { message: 'enough' });
  await t.throwsAsync(next, { message: 'enough' });
  const probe = a.node.view.getProxy(Probe, id);
  await gate.open('g');
  probe.unreliable('u');
  await probe.unreliableRequest('r');
  for (let i = 0; i < 5; i++) probe.newest(`${i}`);
  while (!(await probe.journal()).includes('4')) await new Promise((resolve) => setImmediate(resolve));
  t.false((await probe.journal()).includes('next'));
  t.deepEqual(
    (await probe.journal()).filter((line) => /^\d$/.test(line)),
    ['4'],
  );
});

test('the server of NATS comes and goes: every call is answered once, and in order', async (t) => {
  const { server, a, b } = await pair(t);
  const probe = a.node.view.getProxy(Probe, b.idHere(Probe, from()), { timeout: '60s' });
  const calls: Promise<unknown>[] = [];
  for (let i = 0; i < 300; i++) {
    calls.push(probe.add(1));
    if (i === 100) await server.kill();
    if (i === 200) await server.start();
    if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  t.deepEqual(
    await Promise.all(calls),
    calls.map((_, i) => i + 1),
  );
  t.true(a.counter('natsLosses') + b.counter('natsLosses') >= 1);
});

test('two versions of a game: the operations that they share are called, others are refused in words', async (t) => {
  const other = otherVersion();
  const { a, b } = await pair(t, [catalogue, other]);
  const probe = a.node.view.getProxy(Probe, b.idHere(Probe, from()));
  t.is(await probe.text('same'), 'same');
  const refused = await t.throwsAsync(probe.add(1), { instanceOf: ContractMismatchError });
  t.is(refused.code, 'incompatible');
  t.regex(
    refused.message,
    /Probe\.add has other parameters or another result at b, which runs another version of the game than a/,
  );
  // Types have other numbers: still the right one is called, and the caller is who it is.
  const here = a.node.view.getProxy(Probe, a.idHere(Probe, from()));
  t.deepEqual(
    ((await probe.describeThrough(here)) as { other: { caller: { contract: string } } }).other.caller.contract,
    'Probe',
  );
  await a.node.view.create(Made, b.idHere(Made), 7);
  t.is(await a.node.view.getProxy(Made, b.idHere(Made)).read(), 7);
  t.is(b.counter('linkMismatched'), 1);
});

test('a peer that is gone: calls that it had end as lost', async (t) => {
  const { a, b } = await pair(t);
  const held = a.node.view.getProxy(Gate, b.idHere(Gate)).pass('never');
  await b.node.view.getProxy(Gate, b.idHere(Gate)).reached('never');
  a.peers.change([], [PEER]);
  const lost = await t.throwsAsync(held, { instanceOf: NodeDownError });
  t.is(lost.code, 'node-lost');
  t.is(lost.outcome, 'unknown');
});

test('without a lease nothing leaves and nothing is said to have arrived; then it goes on', async (t) => {
  const { a, b } = await pair(t);
  const probe = a.node.view.getProxy(Probe, b.idHere(Probe, from()));
  await probe.add(1);
  b.isOpen = false;
  const sent = b.counter('linkMessagesSent');
  const received = b.counter('linkMessagesReceived');
  const call = probe.add(1);
  while (b.counter('linkMessagesReceived') < received + 3) await new Promise((resolve) => setTimeout(resolve, 5));
  t.is(b.counter('linkMessagesSent'), sent);
  b.isOpen = true;
  b.node.wake();
  t.is(await call, 2);
});

test('a server whose messages are too small for links: said, and the node goes on', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'skerry-small-'));
  const file = join(folder, 'nats.conf');
  await writeFile(file, 'max_payload: 1000\n');
  const server = await NatsServer.start({ jetStream: false, settings: ['-c', file] });
  const a = new LinkedNode(server.url, 'a', 0, catalogue);
  t.teardown(async () => {
    await a.stop();
    await server.dispose();
    await rm(folder, { recursive: true });
  });
  a.peers.change([{ index: PEER, name: 'b-0', inc: 1, host: 'b', node: 0, isGateway: false }], []);
  const { level, message } = await a.log.line((line) => line.message.includes('max_payload'));
  t.is(level, 'error');
  t.is(message, 'links: Messages of 1000 bytes are too small for links: set max_payload of the server.');
  t.is(await a.node.view.getProxy(Probe, a.idHere(Probe, from())).text('here'), 'here');
  a.peers.change([], [PEER]);
});

test('NATS that comes later than the node is waited for', async (t) => {
  const server = await NatsServer.start({ jetStream: false });
  await server.kill();
  const a = new LinkedNode(server.url, 'a', 0, catalogue);
  t.teardown(async () => {
    await a.stop();
    await server.dispose();
  });
  const b = new LinkedNode(server.url, 'b', 1, catalogue);
  t.teardown(() => b.stop());
  a.peers.change([b.met], []);
  b.peers.change([a.met], []);
  await a.log.line(({ message }) => message.includes('trying again until it is there'));
  await server.start();
  await Promise.all([linked(a), linked(b)]);
  t.is(await a.node.view.getProxy(Probe, b.idHere(Probe, from())).text('late'), 'late');
});

/** The probe with one operation of another shape, and types under other numbers. */
function otherVersion(): Catalogue {
  const { game, types } = catalogue;
  const contracts = [...new Set(catalogue.operations.map(({ contract }) => contract.generated))].map((one) => ({
    ...one,
    operations: one.operations.map((operation) => ({
      ...operation,
      fingerprint: operation.name === 'add' ? 'another' : operation.fingerprint,
    })),
  }));
  const entities = [...game.entities].toReversed();
  return new Catalogue({ ...game, entities }, { fingerprint: 'another', types, contracts });
}
