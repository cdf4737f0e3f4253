import test from 'ava';
import fc from 'fast-check';
import {
  changePages,
  type Directory,
  type Due,
  decodeDirectory,
  decodePage,
  EMPTY_DIRECTORY,
  encodeDirectory,
  encodePage,
  PAGE_ENTRIES_MAX,
  pagesOf,
} from './due-pages.ts';

const due = fc.record({ at: fc.nat(20), key: fc.nat(400).map((n) => `Diary/n${n}`) });
const change = fc.record({
  out: fc.array(due, { maxLength: 40 }),
  into: fc.uniqueArray(due, { maxLength: 300, size: 'max', selector: ({ at, key }) => `${at} ${key}` }),
});

test('an index is what was put in and not taken out, in order, on pages that are not too large', (t) => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12, size: 'max' }), (changes) => {
      const model = new Set<string>();
      const stored = new Map<number, Uint8Array>();
      let directory: Directory = EMPTY_DIRECTORY;
      for (const { out, into } of changes) {
        const loaded = new Map<number, Due[]>();
        for (const page of pagesOf(directory, [...out, ...into])) loaded.set(page, decodePage('p', stored.get(page)!));
        const next = changePages(directory, loaded, out, into);
        directory = decodeDirectory('d', encodeDirectory(next.directory));
        for (const [page, content] of next.pages) {
          if (content === null) stored.delete(page);
          else stored.set(page, encodePage(content));
        }
        for (const { at, key } of out) model.delete(`${at} ${key}`);
        for (const { at, key } of into) model.add(`${at} ${key}`);
        const all = directory.rows.flatMap(({ page }) => decodePage('p', stored.get(page)!));
        t.deepEqual(all.map(({ at, key }) => `${at} ${key}`).sort(), [...model].sort());
        t.true(all.every(({ at }, i) => i === 0 || all[i - 1]!.at <= at));
        t.is(stored.size, directory.rows.length);
        for (const bytes of stored.values()) t.true(decodePage('p', bytes).length <= PAGE_ENTRIES_MAX);
        // Nothing is due before the directory says.
        t.true(all.length === 0 || directory.rows[0]!.from.at <= all[0]!.at);
      }
    }),
    { numRuns: 100 },
  );
});

test('bytes that are no index are refused by name', (t) => {
  for (const read of [decodeDirectory, decodePage]) {
    for (const bytes of [[], [0xff], [0x80], [0x82, 1, 2], [0x82, 1, 0x81, 0xf6], [0x82, 1, 0x83, 1, 2, 3]]) {
      t.throws(() => read('due/7', new Uint8Array(bytes)), { message: /due\/7/, code: 'corrupt' });
    }
    t.throws(() => read('due/7', new Uint8Array([0x82, 2, 0x80])), { message: /due\/7/, code: 'newer-version' });
  }
});
