import test from 'ava';
import { allocateRingLink, laneBytesFor, ringLinkBytes, ringLinkLayout } from './ring-memory.ts';

const MEBIBYTE = 1024 * 1024;

for (const [nodes, kibibytes, mebibytes] of [
  [2, 385, 1],
  [8, 385, 21],
  [16, 193, 45],
  [32, 97, 94],
  [64, 49, 191],
  [128, 25, 391],
] as const) {
  test(`the rings of ${nodes} nodes take ${mebibytes} MiB, as documented`, (t) => {
    const bytes = ringLinkBytes(laneBytesFor(nodes));
    t.is(Math.ceil(bytes / 1024), kibibytes);
    t.is(Math.round((bytes * nodes * (nodes - 1)) / MEBIBYTE), mebibytes);
  });
}

test('what different threads store lies two cache lines apart, and lanes do not overlap', (t) => {
  const { lanes, want, words } = ringLinkLayout(allocateRingLink({ laneBytes: [128, 512, 256] }));
  const groups = [
    lanes.map(({ tail }) => tail * 4),
    lanes.map(({ head }) => head * 4),
    lanes.map(({ taken }) => taken * 4),
    [want * 4],
    lanes.map(({ base }) => base),
  ];
  for (const a of groups) {
    for (const b of groups) {
      if (a !== b) for (const x of a) for (const y of b) t.true(Math.abs(x - y) >= 116, `${x} and ${y}`);
    }
  }
  t.deepEqual(
    lanes.map(({ capacity }) => capacity),
    [128, 512, 256],
  );
  t.is(lanes[1].base, lanes[0].base + 128);
  t.is(lanes[2].base, lanes[1].base + 512);
  t.is(lanes[2].base + 256, words.byteLength);
});

test('sizes and starts that cannot work are refused', (t) => {
  for (const bytes of [0, 64, 100, 129, 2 ** 27, -128, Number.NaN]) {
    t.throws(() => allocateRingLink({ laneBytes: [128, bytes, 128] }), { instanceOf: RangeError });
  }
  for (const frameBytesMax of [0, -1, 1.5, 2 ** 31]) {
    t.throws(() => allocateRingLink({ frameBytesMax }), { instanceOf: RangeError });
  }
  t.throws(() => allocateRingLink({ start: 4 }), { instanceOf: RangeError });
});
