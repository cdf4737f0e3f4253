import test from 'ava';
import { journalOf, startProbes } from './probe-host.fixture.ts';

type How = 'hold' | 'exclusive' | 'reading' | 'single';

/** Sends the operations named, and tells which have begun before any gate is open, and which after each gate that opens. */
async function begun(t: Parameters<typeof startProbes>[0], operations: readonly How[]): Promise<string[][]> {
  const { host, gate, probe, probeId, from } = startProbes(t);
  const calls = operations.map((operation, i) => probe()[operation](`${operation}${i}`, `${from} ${i}`));
  const seen: string[][] = [];
  const look = async (): Promise<void> => {
    await host.settled();
    const known = seen.flat();
    const lines = journalOf('Probe', probeId()).filter((line) => !line.startsWith('/'));
    seen.push(lines.filter((line) => !known.includes(line)));
  };
  await look();
  for (const i of operations.keys()) {
    await gate.open(`${from} ${i}`);
    await look();
  }
  await Promise.all(calls);
  return seen;
}

test('without a lock turns are open side by side', async (t) => {
  t.deepEqual(await begun(t, ['hold', 'hold', 'hold']), [['hold0', 'hold1', 'hold2'], [], [], []]);
});

test('an entity lock waits for all open turns and holds everything else back', async (t) => {
  t.deepEqual(await begun(t, ['hold', 'exclusive', 'hold', 'exclusive', 'hold']), [
    ['hold0'],
    ['exclusive1'],
    ['hold2'],
    ['exclusive3'],
    ['hold4'],
    [],
  ]);
});

test('read-only operations share an entity lock, among themselves only', async (t) => {
  t.deepEqual(await begun(t, ['reading', 'reading', 'exclusive', 'reading', 'reading', 'hold']), [
    ['reading0', 'reading1'],
    [],
    ['exclusive2'],
    ['reading3', 'reading4'],
    [],
    ['hold5'],
    [],
  ]);
});

test('a method lock keeps the operation from itself, in the order of arrival', async (t) => {
  t.deepEqual(await begun(t, ['single', 'hold', 'single', 'hold']), [
    ['single0', 'hold1'],
    ['single2', 'hold3'],
    [],
    [],
    [],
  ]);
});

test('a lock is given back when the operation fails', async (t) => {
  const { gate, probe } = startProbes(t);
  const held = probe(1, 0, { timeout: 30 }).exclusive('held', 'never');
  await t.throwsAsync(held, { name: 'CallTimeoutError' });
  // The operation itself waits on; its own call at the gate has the same deadline, and fails with it.
  t.is(await probe().add(1), 1);
  await gate.open('never');
});

test('lower priorities do not starve an entity lock that waits', async (t) => {
  const { host, gate, probe, probeId, from } = startProbes(t);
  const low = probe(1, 0, { priority: 'low' });
  const open = [low.hold('low 0', `${from} 0`)];
  await gate.reached(`${from} 0`);
  const exclusive = probe().exclusive('exclusive', `${from} x`);
  await host.settled();
  for (let i = 1; i < 4; i++) open.push(low.hold(`low ${i}`, `${from} ${i}`));
  await host.settled();
  t.deepEqual(journalOf('Probe', probeId()), ['low 0']);
  await gate.open(`${from} 0`);
  await gate.reached(`${from} x`);
  for (const name of ['x', '1', '2', '3']) await gate.open(`${from} ${name}`);
  await Promise.all([exclusive, ...open]);
  t.deepEqual(journalOf('Probe', probeId()).slice(0, 5), ['low 0', '/low 0', 'exclusive', '/exclusive', 'low 1']);
});

test('higher priorities pass one that waits for its turn', async (t) => {
  const { host, gate, probe, probeId, from } = startProbes(t);
  const held = probe().single('first', `${from} 1`);
  await gate.reached(`${from} 1`);
  const waiting = probe().single('second', `${from} 2`);
  await host.settled();
  probe().urgent('urgent');
  await host.settled();
  t.deepEqual(journalOf('Probe', probeId()), ['first', 'urgent']);
  await gate.open(`${from} 1`);
  await gate.open(`${from} 2`);
  await Promise.all([held, waiting]);
});
