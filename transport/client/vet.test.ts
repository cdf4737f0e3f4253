import test from 'ava';
import { MalformedError, vet } from './vet.ts';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const refused = (hex: string, depthMax = 8) => {
  try {
    vet(bytes(hex), depthMax);
    return undefined;
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return error.message;
  }
};

test('proper values pass', (t) => {
  for (const hex of [
    '00',
    'c0',
    '93 01 a1 61 81 a1 62 c3',
    'da 0003 e2 98 83',
    'dd 00000001 c0',
    'df 00000001 d9 01 61 c0',
    'd6ff00000001',
    'd7ff 0000000000000001',
    'c70cff 00000000 ffffffffffffffff',
    'c70001',
    'd602 92 01a161',
    'd5039101',
    'd60592a14105',
    'c70a0400 010000000000000000',
    'ca 3f800000',
    '81 a9 5f5f70726f74 6f 5f 78 c0',
  ]) {
    t.is(refused(hex), undefined, hex);
  }
  t.true(vet(bytes('91c40100'), 8).hasBytes);
  t.false(vet(bytes('91a100'), 8).hasBytes);
});

test('each rule refuses', (t) => {
  const cases: [string, string, RegExp][] = [
    ['nothing', '', /cut short/],
    ['two values', '00 00', /after the end/],
    ['reserved byte', 'c1', /unassigned/],
    ['cut text', 'a5 61', /cut short/],
    ['cut bytes', 'c6 ffffffff 00', /cut short/],
    ['cut number', 'cb 00', /cut short/],
    ['count bomb, array', 'dd ffffffff', /more items/],
    ['count bomb, map', 'df ffffffff', /more entries/],
    ['nested count bombs', 'dc0010 dc0010 dc0010', /more items|cut short/],
    ['depth', `${'91'.repeat(9)}00`, /too deep/],
    ['depth through maps', `${'81a161'.repeat(9)}00`, /too deep/],
    ['key that is a number', '81 01 01', /where text belongs/],
    ['key that is an array', '81 90 01', /where text belongs/],
    ['__proto__', '81 a9 5f5f70726f746f5f5f c0', /__proto__/],
    ['__proto__ with a long header', '81 da0009 5f5f70726f746f5f5f c0', /__proto__/],
    ['overlong UTF-8', 'a2 c080', /UTF-8/],
    ['overlong, three bytes', 'a3 e08080', /UTF-8/],
    ['surrogate', 'a3 eda080', /UTF-8/],
    ['above U+10FFFF', 'a4 f4908080', /UTF-8/],
    ['lone continuation', 'a1 80', /UTF-8/],
    ['cut character', 'a2 e298', /UTF-8/],
    ['unknown extension', 'd4 63 00', /unknown extension/],
    ['timestamp size', 'd5 ff 0000', /timestamp/],
    ['timestamp nanoseconds', 'd7 ff ffffffff 00000000', /timestamp/],
    ['timestamp beyond Date', 'c70cff 00000000 7fffffffffffffff', /timestamp/],
    ['undefined with payload', 'd4 01 00', /undefined/],
    ['map of three', 'd6 02 93 010203', /half an entry/],
    ['map that is text', 'd5 02 a161', /not an array/],
    ['map longer than its value', 'd5 02 90 00', /longer/],
    ['map shorter than its items', 'd5 02 92 01', /more items/],
    ['reference of one', 'd5 05 91 01', /\[contract, id\]/],
    ['reference without text', 'c703059201 02', /where text belongs/],
    ['integer, leading zero', 'd5 04 00 00', /canonical/],
    ['integer, sign', 'd5 04 02 01', /canonical/],
  ];
  for (const [name, hex, message] of cases) t.regex(refused(hex) ?? 'passed', message, name);
  // Sixteen nested maps in extensions, each of one pair.
  let nested = Buffer.from([0x90]);
  for (let level = 0; level < 20; level++) {
    nested = Buffer.concat([Buffer.from([0xc8, 0, nested.length + 1, 3, 0x91]), nested]);
  }
  t.throws(() => vet(nested, 8), { instanceOf: MalformedError });
});
