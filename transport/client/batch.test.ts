import test from 'ava';
import { Batch } from './batch.ts';

const bytes = (...values: number[]) => new Uint8Array(values);

test('frames become the items of one array', (t) => {
  const batch = new Batch(16);
  batch.add(bytes(0x91, 1));
  batch.add(bytes(0x91, 2));
  t.is(batch.count, 2);
  t.is(batch.size, 4);
  t.deepEqual([...batch.message()], [0x92, 0x91, 1, 0x91, 2]);
  t.is(batch.count, 0);
});

test('headers take their shortest form', (t) => {
  for (const [count, size, header] of [
    [15, 1, [0x82, 16, 0x9f]],
    [16, 1, [0x82, 19, 0xdc, 0, 16]],
    [122, 1, [0x82, 125, 0xdc, 0, 122]],
    [123, 1, [0x82, 126, 0, 126, 0xdc, 0, 123]],
    [65532, 1, [0x82, 126, 0xff, 0xff, 0xdc, 0xff, 0xfc]],
    [65533, 1, [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0, 0xdc, 0xff, 0xfd]],
    [65536, 1, [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 5, 0xdd, 0, 1, 0, 0]],
    [1, 70_000, [0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x71, 0x91]],
  ] as [number, number, number[]][]) {
    const batch = new Batch(16);
    for (let index = 0; index < count; index++) batch.add(new Uint8Array(size).fill(7));
    const frame = batch.webSocketFrame();
    t.deepEqual([...frame.subarray(0, header.length)], header);
    t.is(frame.length, header.length + count * size);
    t.true(frame.subarray(header.length).every((byte) => byte === 7));
  }
});

test('a number can be put in later, and memory given away', (t) => {
  const batch = new Batch(16);
  batch.add(bytes(1));
  const at = batch.add(bytes(0xce, 0, 0, 0, 0));
  batch.patch(at + 1, 0xdeadbeef);
  const message = batch.message();
  t.deepEqual([...message], [0x92, 1, 0xce, 0xde, 0xad, 0xbe, 0xef]);
  batch.abandon(16);
  batch.add(bytes(9));
  t.is(message[1], 1);
});
