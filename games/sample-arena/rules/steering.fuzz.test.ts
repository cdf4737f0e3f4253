import test from 'ava';
import fc from 'fast-check';
import { cleanName } from './name.ts';
import { steeringOf } from './steering.ts';

test('whatever a stick or a mouse says fits the wire', (t) => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.float({ noNaN: true }),
      fc.float({ noNaN: true }),
      fc.float({ noNaN: true }),
      (seq, x, y, aim) => {
        const steering = steeringOf(seq, x, y, aim, true);
        for (const value of [steering.seq, steering.x, steering.y, steering.aim])
          if (!Number.isInteger(value) || Object.is(value, -0)) return false;
        return Math.abs(steering.x) <= 127 && Math.abs(steering.y) <= 127 && steering.aim >= 0 && steering.aim < 65_536;
      },
    ),
  );
  t.deepEqual(steeringOf(70_000, -0.001, 1, -Math.PI / 2, false), {
    seq: 4464,
    x: 0,
    y: 127,
    aim: 49_152,
    fire: false,
  });
});

test('names are short, visible and one line, whatever is typed', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (typed) => {
      const name = cleanName(typed);
      return name.length > 0 && [...name].length <= 16 && !/[\p{C}\p{Zl}\p{Zp}]|^\s|\s$|\s\s/u.test(name);
    }),
  );
  t.is(cleanName('  Ann \u202e\n Lee '), 'Ann Lee');
  t.is(cleanName('\u200b\u0000'), 'Castaway');
  t.is(cleanName('a'.repeat(40)), 'a'.repeat(16));
  t.is(cleanName('👩‍🚀👩‍🚀 ok').endsWith('ok'), true);
});
