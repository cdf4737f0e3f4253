import test from 'ava';
import { admit } from './admit.ts';
import { explain } from './check.ts';
import { ADDRESS, type Addressed } from './proxy.ts';
import { show } from './show.ts';
import type { Primitive, WireType, WireTypes } from './wire-type.ts';

const TYPES: WireTypes = {
  Item: {
    kind: 'struct',
    members: [
      { name: 'name', type: { kind: 'string' } },
      { name: 'count', type: { kind: 'uint8' }, optional: true },
    ],
  },
  Tree: {
    kind: 'struct',
    members: [{ name: 'kids', type: { kind: 'array', of: { kind: 'named', name: 'Tree', recursive: true } } }],
  },
};
const of = (kind: Primitive): WireType => ({ kind });
const list = (type: WireType): WireType => ({ kind: 'array', of: type });
const ITEM: WireType = { kind: 'named', name: 'Item' };
const COLOR: WireType = { kind: 'literals', values: ['red', 'green'] };
const SHAPE: WireType = {
  kind: 'union',
  tag: 'kind',
  variants: [
    {
      value: 'dot',
      type: { kind: 'struct', members: [{ name: 'kind', type: { kind: 'literals', values: ['dot'] } }] },
    },
  ],
};

const cycle: Record<string, unknown> = {};
cycle.a = { b: [cycle] };
const tree: { kids: unknown[] } = { kids: [] };
tree.kids.push(tree);
const sparse = [1, 2];
delete sparse[0];

for (const [type, value, kind, words] of [
  [of('int32'), 'x', TypeError, 'Chat.say: text is "x"; it must be a number.'],
  [of('int32'), 5n, TypeError, 'Chat.say: text is 5n; it must be a number.'],
  [of('uint8'), 300, RangeError, 'Chat.say: text is 300, which does not fit uint8 (whole numbers from 0 to 255).'],
  [
    of('int32'),
    1.5,
    RangeError,
    'Chat.say: text is 1.5, which does not fit int32 (whole numbers from -2147483648 to 2147483647).',
  ],
  [
    of('int8'),
    Number.NaN,
    RangeError,
    'Chat.say: text is NaN, which does not fit int8 (whole numbers from -128 to 127).',
  ],
  [
    of('uint64'),
    -1n,
    RangeError,
    'Chat.say: text is -1n, which does not fit uint64 (whole numbers from 0 to 18446744073709551615).',
  ],
  [of('int64'), 5, TypeError, 'Chat.say: text is 5; it must be a bigint.'],
  [of('float32'), 1e39, RangeError, 'Chat.say: text is 1e+39, which is too large for float32.'],
  [of('string'), undefined, TypeError, 'Chat.say: text is undefined; it must be a string.'],
  [of('boolean'), 1, TypeError, 'Chat.say: text is 1; it must be true or false.'],
  [of('bytes'), [1], TypeError, 'Chat.say: text is an array of 1; it must be a Uint8Array.'],
  [of('date'), '2020', TypeError, 'Chat.say: text is "2020"; it must be a Date.'],
  [of('null'), undefined, TypeError, 'Chat.say: text is undefined; it must be null.'],
  [COLOR, 'blue', TypeError, 'Chat.say: text is "blue"; it must be one of "red", "green".'],
  [
    { kind: 'proxy', contract: 'Hero' },
    {},
    TypeError,
    'Chat.say: text is an object; it must be a proxy of Hero, or an entity that implements it.',
  ],
  [ITEM, {}, TypeError, 'Chat.say: text.name is missing.'],
  [
    ITEM,
    { name: 'a', count: -1 },
    RangeError,
    'Chat.say: text.count is -1, which does not fit uint8 (whole numbers from 0 to 255).',
  ],
  [ITEM, 'a', TypeError, 'Chat.say: text is "a"; it must be an object.'],
  [list(ITEM), [{ name: 'a' }, { name: 5 }], TypeError, 'Chat.say: text[1].name is 5; it must be a string.'],
  [list(of('int32')), sparse, TypeError, 'Chat.say: text[0] is undefined; it must be a number.'],
  [
    { kind: 'tuple', items: [of('int8')] },
    [1, 2],
    TypeError,
    'Chat.say: text is an array of 2; it must be an array of 1.',
  ],
  [
    { kind: 'map', key: of('string'), value: of('int8') },
    new Map([['a', 128]]),
    RangeError,
    'Chat.say: text.get("a") is 128, which does not fit int8 (whole numbers from -128 to 127).',
  ],
  [
    { kind: 'map', key: of('string'), value: of('int8') },
    new Map([[1, 1]]),
    TypeError,
    'Chat.say: text: key 1 is 1; it must be a string.',
  ],
  [{ kind: 'set', of: of('string') }, [], TypeError, 'Chat.say: text is an array of 0; it must be a Set.'],
  [
    { kind: 'record', of: of('string') },
    new Map(),
    TypeError,
    'Chat.say: text is an instance of Map; it must be a plain object.',
  ],
  [{ kind: 'record', of: of('string') }, { 'a b': 1 }, TypeError, 'Chat.say: text["a b"] is 1; it must be a string.'],
  [
    { kind: 'record', of: of('int8') },
    JSON.parse('{"__proto__":1}'),
    TypeError,
    'Chat.say: text has the key __proto__, which does not travel.',
  ],
  [SHAPE, { kind: 'line' }, TypeError, 'Chat.say: text.kind is "line"; it must be "dot".'],
  [SHAPE, {}, TypeError, 'Chat.say: text.kind is undefined; it must be "dot".'],
  [{ kind: 'named', name: 'Tree' }, tree, TypeError, /nests deeper than 32 levels, or contains itself\.$/],
  [of('unknown'), cycle, TypeError, 'Chat.say: text.a.b[0] contains itself, which does not travel.'],
  [of('unknown'), { f() {} }, TypeError, 'Chat.say: text.f is a function, which does not travel.'],
  [of('unknown'), [new Error('x')], TypeError, 'Chat.say: text[0] is an instance of Error; it must be a plain object.'],
  [
    of('unknown'),
    new Map([['a', Symbol('s')]]),
    TypeError,
    'Chat.say: text.get("a") is a symbol, which does not travel.',
  ],
  [of('string'), Object.create(null), TypeError, 'Chat.say: text is an object; it must be a string.'],
  [of('int8'), 'x'.repeat(100), TypeError, /^Chat\.say: text is "x{60}…"; it must be a number\.$/],
] as [WireType, unknown, Function, string | RegExp][]) {
  test(`${type.kind}: ${words}`, (t) => {
    const problem = explain(TYPES, type, value, 'Chat.say: text')!;
    t.is(problem.constructor, kind);
    if (typeof words === 'string') t.is(problem.message, words);
    else t.regex(problem.message, words);
  });
}

test('nothing to explain', (t) => {
  for (const [type, value] of [
    [of('int8'), -0],
    [of('float32'), Number.POSITIVE_INFINITY],
    [of('string'), '\ud800'],
    [ITEM, { name: 'a', count: undefined, more: () => 1 }],
    [of('unknown'), undefined],
  ] as [WireType, unknown][]) {
    t.is(explain(TYPES, type, value, 'x'), undefined);
  }
});

for (const [type, value, expected] of [
  [of('int32'), 5n, 5],
  [of('int64'), 5, 5n],
  [of('uint64'), 2 ** 53 - 1, 9007199254740991n],
  [of('float64'), 5n, 5],
  [of('float32'), 0.1, 0.1],
  [ITEM, { name: 'a', count: null, more: 5 }, { name: 'a' }],
  [ITEM, { name: 'a', count: 5n }, { name: 'a', count: 5 }],
  [{ kind: 'set', of: of('int8') }, [1n, 2], new Set([1, 2])],
  [{ kind: 'map', key: of('string'), value: of('int8') }, { a: 1n }, new Map([['a', 1]])],
  [{ kind: 'literals', values: [1, 'a'] }, 1n, 1],
  [{ kind: 'nullable', of: of('int8') }, null, null],
  [{ kind: 'record', of: of('int8') }, { constructor: 1n }, { constructor: 1 }],
  [of('unknown'), { a: [1, 'b', null] }, { a: [1, 'b', null] }],
] as [WireType, unknown, unknown][]) {
  test(`admits ${type.kind} ${String(JSON.stringify(expected, (_, v) => (typeof v === 'bigint' ? `${v}n` : v)))}`, (t) => {
    t.deepEqual(admit(TYPES, type, value, 'Chat.say: text'), expected);
  });
}

const proxy = new (class implements Addressed {
  [ADDRESS]() {
    return { contracts: ['Hero'], id: 5 };
  }
})();
for (const [i, [type, value]] of (
  [
    [of('float64'), Number.NaN],
    [of('float64'), Number.NEGATIVE_INFINITY],
    [of('float64'), -0],
    [of('float64'), 2n ** 53n + 1n],
    [of('int32'), -0],
    [of('int32'), 1.5],
    [of('int64'), 2 ** 53],
    [of('int64'), '5'],
    [of('uint8'), 256n],
    [of('float32'), 1e39],
    [of('date'), new Date(Number.NaN)],
    [of('unknown'), { a: [Number.NaN] }],
    [of('unknown'), [-0]],
    [of('unknown'), () => 1],
    [of('unknown'), cycle],
    [of('unknown'), JSON.parse('{"a":{"__proto__":1}}')],
    [of('unknown'), proxy],
    [{ kind: 'proxy', contract: 'Hero' }, proxy],
    [{ kind: 'set', of: of('int8') }, [1, 1n]],
    [{ kind: 'record', of: of('int8') }, JSON.parse('{"__proto__":1}')],
    [ITEM, { count: 1 }],
    [ITEM, Object.create({ name: 'inherited' })],
    [{ kind: 'named', name: 'Tree' }, tree],
  ] as [WireType, unknown][]
).entries()) {
  test(`does not admit ${i}: ${type.kind} ${show(value)}`, (t) => {
    const error = t.throws(() => admit(TYPES, type, value, 'Chat.say: text'), {
      name: 'InvalidMessageError',
      code: 'invalid',
    })!;
    t.true(error.message.startsWith('Chat.say: text'), error.message);
  });
}

test('proxies are admitted where it is asked for', (t) => {
  t.is(admit(TYPES, { kind: 'proxy', contract: 'Hero' }, proxy, 'x', { proxies: true }), proxy);
  t.throws(() => admit(TYPES, { kind: 'proxy', contract: 'Villain' }, proxy, 'x', { proxies: true }), {
    name: 'InvalidMessageError',
  });
});
