import test from 'ava';
import fc from 'fast-check';
import { decodeCbor, encodeCbor } from '../../../transport/codec/cbor.ts';
import { bytesAbout, columnsOf, rowsOf, type SaveColumns } from './save-columns.ts';

const row = fc.record({
  key: fc.string({ minLength: 1 }),
  bytes: fc.option(fc.uint8Array({ maxLength: 200 })),
  expectedEtag: fc.option(fc.string()),
  slot: fc.nat(4095),
  epoch: fc.maxSafeNat(),
});

test('a batch comes out as it went in', (t) => {
  fc.assert(
    fc.property(fc.array(row), fc.constantFrom('committed' as const, 'best' as const), (rows, level) => {
      const columns = decodeCbor(encodeCbor(columnsOf(rows, level))) as SaveColumns;
      const plain = rowsOf(columns).map((one) => ({ ...one, bytes: one.bytes && Uint8Array.from(one.bytes) }));
      return columns[0] === level && JSON.stringify(plain) === JSON.stringify(rows);
    }),
  );
  t.pass();
});

test('the estimate spares the encoder a second try', (t) => {
  const rows = Array.from({ length: 256 }, (_, i) => ({
    key: `entity/Account/n${i}`,
    bytes: new Uint8Array(1000),
    expectedEtag: `${2 ** 40 + i}`,
    slot: 4095,
    epoch: 2 ** 40,
  }));
  const columns = columnsOf(rows, 'committed');
  const needed = encodeCbor(columns).length;
  t.true(bytesAbout(columns) >= needed && bytesAbout(columns) < needed * 1.2);
});

test('columns that do not fit each other are refused', (t) => {
  const good = columnsOf([{ key: 'k', bytes: new Uint8Array(3), expectedEtag: null, slot: 1, epoch: 1 }], 'flushed');
  for (const [column, value] of [
    [3, []],
    [5, [2]],
    [5, [null]],
    [1, ['k', 'l']],
  ] as [number, SaveColumns[number]][]) {
    t.throws(() => rowsOf(good.with(column, value) as SaveColumns), { instanceOf: RangeError });
  }
});
