import test from 'ava';
import { readContracts } from './game-model.ts';
import { ContractSourceError } from './source-error.ts';

const HEAD = `import { contract, type int32, type float32 } from 'skerry';\n`;

/** Contracts in one file (or several), and the error that comes of them. */
function errorOf(files: string | Record<string, string>): ContractSourceError {
  const all = typeof files === 'string' ? { '/game/contracts.ts': files } : files;
  try {
    readContracts(['/game/contracts.ts'], (path) => all[path]);
  } catch (error) {
    if (error instanceof ContractSourceError) return error;
    throw error;
  }
  throw new Error('No error.');
}

/** A contract X with one operation of this signature, on line 3; types it needs on line 2. */
const signature = test.macro((t, method: string, expected: RegExp, declarations = '') => {
  const error = errorOf(
    `${HEAD}${declarations}\nexport interface X { ${method} }\nexport const X = contract<X>('X', { op: {} });\n`,
  );
  t.regex(error.message, expected);
  t.true(error.message.startsWith(`/game/contracts.ts:${error.line}:${error.column}: `), error.message);
  t.true(error.line === 3 || error.line === 2, error.message);
});

for (const [type, advice] of [
  ['any', /write the type/],
  ['object', /write an interface/],
  ['{}', /declare members/],
  ['bigint', /int64 or uint64/],
  ['undefined', /optional/],
  ['void', /no value/],
  ['never', /leave the member out/],
  ['symbol', /string literals/],
  ['() => void', /pass a proxy/],
  ['new () => Date', /plain values/],
  ['typeof contract', /needs the compiler/],
  ["{ a: int32 }['a']", /write the type out/],
  ['{ [K in "a"]: int32 }', /write an interface/],
  ['int32 extends string ? 1 : 2', /write the type out/],
  ["import('./other.ts').T", /import type/],
  ['`a$' + '{string}`', /union of literals/],
  ['keyof Date', /write the type out/],
  ['{ a: int32 } & { b: int32 }', /extends/],
  ['Partial<{ a: int32 }>', /write the type out/],
  ["Pick<{ a: int32 }, 'a'>", /write the type out/],
  ['Promise<int32>', /only an operation as a whole/],
  ['Buffer', /Uint8Array/],
  ['Function', /pass a proxy/],
  ['Error', /GameError/],
  ['Nowhere', /declare it, or import it/],
  ['Map<string>', /needs a type argument/],
  ['Record<number, string>', /Map<K, V>/],
  ['string | number', /cannot be told apart/],
  ["'a' | int32", /cannot be told apart/],
  ['int32 | undefined', /optional/],
  ['[int32, string?]', /fixed length/],
  ['[int32, ...string[]]', /fixed length/],
  ['[a: int32, b?: string]', /fixed length/],
  ['10n', /int64/],
  ['{ a(): void }', /only a contract has methods/],
  ['{ a: int32; [key: string]: int32 }', /Record<string, T>/],
  ['{ [key: number]: int32 }', /Map<K, V>/],
  ['{ (): void }', /declare members/],
  ['{ [Symbol.iterator]: int32 }', /write the name out/],
  ['{ __proto__: int32 }', /rename it/],
  ["{ '__proto__': int32 }", /rename it/],
  ["Record<'__proto__', int32>", /rename it/],
  ['{ a: int32; a: string }', /declared twice/],
  ['{ a }', /has no type/],
  ['contract', /'contract' of the engine does not travel/],
  ['this', /contract interface/],
] as const) {
  test(`type ${type}`, signature, `op(a: ${type}): void`, advice);
  test(`type ${type} within a result`, signature, `op(): Promise<(${type})[]>`, advice);
}

for (const [type, advice, declarations] of [
  ['Color', /union of literals/, 'enum Color { Red }'],
  ['Thing', /contract interface/, 'class Thing {}'],
  ['Open', /cannot be told apart/, 'interface A { a: int32 } interface B { b: int32 } type Open = A | B;'],
  ['Open', /cannot be told apart/, "interface A { k: 'a' } interface B { k: 'a' | 'b' } type Open = A | B;"],
  ['Open', /cannot be told apart/, "interface A { k?: 'a' } interface B { k: 'b' } type Open = A | B;"],
  ['Endless', /without an end/, 'interface Endless { next: Endless }'],
  ['Endless', /without an end/, 'type Endless = [Endless];'],
  ['Itself', /only itself/, 'type Itself = Itself;'],
  ['Itself', /only itself/, 'type Itself = Itself | null;'],
  ['Itself', /only itself/, 'type Itself = Other; type Other = Itself;'],
  ['Heir', /extends itself/, 'interface Heir extends Heir { a: int32 }'],
  ['Heir', /not an interface/, 'interface Heir extends Array<int32> { a: int32 }'],
  ['Heir', /not an object type/, 'type Base = int32; interface Heir extends Base { a: int32 }'],
  ['Grow<int32>', /grows with every step/, 'interface Grow<T> { next: Grow<T[]> | null }'],
  ['Page', /needs a type argument/, 'interface Page<T> { items: T[] }'],
  ['Page<int32, int32>', /takes 1/, 'interface Page<T> { items: T[] }'],
  ['Page<any>', /write the type/, 'interface Page<T> { items: T[] }'],
  ['Merged', /declared twice/, 'interface Merged { a: int32 } interface Merged { b: int32 }'],
] as const) {
  test(`${type} as ${declarations}`, signature, `op(a: ${type}): void`, advice, declarations);
}

for (const [method, advice] of [
  ['op(): int32', /returns void/],
  ['op()', /returns void/],
  ['op(): Promise', /returns void/],
  ['op(): Promise<undefined>', /optional/],
  ['op(): void | Promise<void>', /returns void/],
  ['op(): PromiseLike<int32>', /returns void/],
  ['op(a?: int32, b: int32): void', /optional parameter/],
  ['op(...rest: int32[]): void', /write an array/],
  ['op({ a }: { a: int32 }): void', /needs a name/],
  ['op(this: X): void', /remove it/],
  ['op(a): void', /has no type/],
  ['op<T>(a: T): void', /type parameters/],
  ['op(a: int32): void; op(a: string): void', /several signatures/],
  ['op?(): void', /not a method/],
  ['op: int32', /not a method/],
  ['get op(): int32', /not a method/],
  ['(): void', /declare members/],
  ['[key: string]: () => void', /Record/],
  ['op(a?: undefined): void', /write the type/],
] as const) {
  test(`method ${method}`, signature, method, advice);
}

const whole = test.macro((t, source: string, line: number, expected: RegExp) => {
  const error = errorOf(HEAD + source);
  t.regex(error.message, expected);
  t.is(error.line, line, error.message);
});

test(
  'a method without a row',
  whole,
  "export interface X { a(): void; b(): void }\nexport const X = contract<X>('X', { a: {} });",
  3,
  /no row for 'b'/,
);
test(
  'a row without a method',
  whole,
  "export interface X { a(): void }\nexport const X = contract<X>('X', {\n a: {},\n b: {} });",
  5,
  /no method 'b'/,
);
test(
  'exactlyOnce that somebody waits for',
  whole,
  "export interface X { a(): Promise<void> }\nexport const X = contract<X>('X', {\n a: { exactlyOnce: true } });",
  4,
  /let it return void/,
);
test(
  'exactlyOnce that is not written there',
  whole,
  "const once = true;\nexport interface X { a(): void }\nexport const X = contract<X>('X', {\n a: { lock: 'entity',\n exactlyOnce: once } });",
  6,
  /write true or false/,
);
test(
  'a table that is not there',
  whole,
  "export interface X { a(): void }\nconst t = {};\nexport const X = contract<X>('X', t);",
  4,
  /without running/,
);
test(
  'a spread table',
  whole,
  "export interface X { a(): void }\nexport const X = contract<X>('X', { ...{ a: {} } });",
  3,
  /without running/,
);
test(
  'a computed name',
  whole,
  "export interface X { a(): void }\nconst name = 'X';\nexport const X = contract<X>(name, { a: {} });",
  4,
  /plain string/,
);
test(
  'no type argument',
  whole,
  "export interface X { a(): void }\nexport const X = contract('X', { a: {} });",
  3,
  /Name the interface/,
);
test(
  'a type argument that is no interface',
  whole,
  "export const X = contract<{ a(): void }>('X', { a: {} });",
  2,
  /Name the interface/,
);
test(
  'a generic interface',
  whole,
  "export interface X<T> { a(b: T): void }\nexport const X = contract<X<int32>>('X', { a: {} });",
  3,
  /without type parameters/,
);
test(
  'a contract that is not exported',
  whole,
  "interface X { a(): void }\nconst X = contract<X>('X', { a: {} });",
  3,
  /export const X/,
);
test(
  'two contracts of one name',
  whole,
  "export interface X { a(): void }\nexport const X = contract<X>('X', { a: {} });\nexport interface Y { a(): void }\nexport const Y = contract<Y>('X', { a: {} });",
  5,
  /contracts\.ts:3 already/,
);
test(
  'two contracts of one interface',
  whole,
  "export interface X { a(): void }\nexport const X = contract<X>('X', { a: {} });\nexport const Y = contract<X>('Y', { a: {} });",
  4,
  /is the interface of 'X' already/,
);
for (const name of ['then', 'constructor', 'toString', '$id']) {
  test(
    `an operation called ${name}`,
    whole,
    `export interface X { ${name}(): void }\nexport const X = contract<X>('X', { ${name}: {} });`,
    2,
    /rename it/,
  );
}
test('what does not parse', whole, 'export interface X { a(: void }', 2, /contracts\.ts:2:/);

test('an import from a file that is not there', (t) => {
  const error = errorOf(
    `${HEAD}import type { Y } from './y.ts';\nexport interface X { a(y: Y): void }\nexport const X = contract<X>('X', { a: {} });`,
  );
  t.regex(error.message, /contracts\.ts:2:15: There is no '\.\/y\.ts'/);
});
test('an import of a type that is not there', (t) => {
  const error = errorOf({
    '/game/contracts.ts': `${HEAD}import type { Y } from './y.ts';\nexport interface X { a(y: Y): void }\nexport const X = contract<X>('X', { a: {} });`,
    '/game/y.ts': 'export interface Z { a: string }',
  });
  t.regex(error.message, /'\.\/y\.ts' exports no type Y/);
});
test('a type of a package', (t) => {
  const error = errorOf(
    `${HEAD}import type { Y } from 'y';\nexport interface X { a(y: Y): void }\nexport const X = contract<X>('X', { a: {} });`,
  );
  t.regex(error.message, /declare Y in a file of the game/);
});
test('an error in another file is reported there', (t) => {
  const error = errorOf({
    '/game/contracts.ts': `${HEAD}import type { Y } from './y.ts';\nexport interface X { a(y: Y): void }\nexport const X = contract<X>('X', { a: {} });`,
    '/game/y.ts': '\n\nexport interface Y { a: any }',
  });
  t.is(error.file, '/game/y.ts');
  t.is(error.line, 3);
  t.is(error.column, 25);
});
