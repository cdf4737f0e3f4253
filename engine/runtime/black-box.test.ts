import test from 'ava';
import type { EntityId } from '../base/entity-id.ts';
import { loadFixtureGame } from '../testing/fixture-game.fixture.ts';
import { Perilous } from '../testing/games/perilous/contracts.fixture.ts';
import { LocalHost } from '../testing/local-host.ts';
import { allocateBlackBox, BlackBox, BlackBoxReader } from './black-box.ts';
import { ACTIVATE } from './engine-operations.ts';

const ids: EntityId[] = [
  0,
  7,
  -1,
  2 ** 31,
  Number.MAX_SAFE_INTEGER,
  '',
  '7',
  'ä€😀',
  'x'.repeat(256),
  0n,
  7n,
  -(2n ** 1023n),
];

test('what a node does is read from outside, whatever the id', (t) => {
  const memory = allocateBlackBox();
  const box = new BlackBox(memory);
  const reader = new BlackBoxReader(memory);
  t.is(reader.open(), undefined);
  for (const [i, id] of ids.entries()) {
    box.begin(ACTIVATE, i, id);
    t.true(reader.isOpen);
    t.deepEqual(reader.open(), { operation: ACTIVATE, type: i, id });
    t.is(reader.turn, i + 1);
    box.end();
    t.false(reader.isOpen);
    t.is(reader.open(), undefined);
  }
  box.beat(12.5);
  t.is(reader.beat, 12.5);
});

test('a turn is open while its first slice runs, and only then', async (t) => {
  const { catalogue, module } = await loadFixtureGame<{ peepholes: { inside: (() => void) | undefined } }>('perilous');
  const host = new LocalHost(catalogue, { nodes: 2 });
  t.teardown(() => host.stop());
  const { operations, type } = catalogue.entityContract(Perilous);
  const id = host.idOn(1, Perilous);
  const seen: unknown[] = [];
  module.peepholes.inside = () => seen.push(host.boxes.map((box) => box.open()));
  await host.view().getProxy(Perilous, id).add(1);
  module.peepholes.inside = undefined;
  const operation = operations.find(({ name }) => name === 'add')!.code;
  t.deepEqual(seen, [[undefined, { operation, type: type!.index, id }]]);
  t.deepEqual(
    host.boxes.map((box) => [box.open(), box.turn]),
    // Activation, and the operation.
    [
      [undefined, 0],
      [undefined, 2],
    ],
  );
  t.true(host.boxes.every((box) => box.beat > 0));
});
