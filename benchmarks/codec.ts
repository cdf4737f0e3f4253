/** Arguments into bytes and back, by generated code in memory like a ring's, against what one would use instead. */
import type { GameState } from './games/ping/contracts.ts';
import { GeneratedCodec } from './generated-codec.ts';
import { operationsPerSecond } from './micro.ts';
import type { Measure, Subject, Topic } from './topic.ts';
import { type PlainCodec, plainCodecs } from './yardsticks/codecs.ts';

interface Stand {
  readonly generated: GeneratedCodec;
  readonly plain: ReturnType<typeof plainCodecs>;
  readonly state: GameState;
}

type Operation = () => unknown;

const MS = 150;
const OPERATIONS = { tuple: 1000, state: 50 };

const measured =
  (operations: number, prepare: (stand: Stand) => Operation): Measure<Stand> =>
  async (stand, effort) => {
    const operation = prepare(stand);
    let last: unknown;
    const run = (): void => {
      for (let i = 0; i < operations; i++) last = operation();
    };
    const rate = await operationsPerSecond(run, operations, effort.of(MS, 2));
    if (last === null) throw new Error('An operation gave nothing.');
    return [rate];
  };

function subject(
  name: string,
  operations: number,
  thing: (stand: Stand) => Operation,
  yardstick: (codec: PlainCodec, stand: Stand) => Operation,
): Subject<Stand> {
  const measureOf = (codec: 'json' | 'cbor-x' | 'msgpack'): Measure<Stand> =>
    measured(operations, (stand) => yardstick(stand.plain[codec], stand));
  return {
    figures: [{ name, unit: '/s' }],
    thing: measured(operations, thing),
    yardsticks: { json: measureOf('json'), 'cbor-x': measureOf('cbor-x'), msgpack: measureOf('msgpack') },
  };
}

/** Two whole numbers, other ones every time. */
function tuples(use: (a: number, b: number) => unknown): Operation {
  let a = 0;
  return () => {
    a = (a + 1) & 0xfffff;
    return use(a, 7);
  };
}

const tuple = {
  encode: subject(
    'codec.tuple.encode',
    OPERATIONS.tuple,
    ({ generated: { proxy } }) => tuples((a, b) => proxy.ping(a, b)),
    (codec) => tuples((a, b) => codec.encode([a, b])),
  ),
  decode: subject(
    'codec.tuple.decode',
    OPERATIONS.tuple,
    ({ generated }) => {
      void generated.proxy.ping(123_456, 7);
      return generated.decoder('ping', { ping: (a: number, b: number) => a + b });
    },
    (codec) => decoding(codec, [123_456, 7]),
  ),
};

const state = {
  encode: subject(
    'codec.state.encode',
    OPERATIONS.state,
    ({ generated: { proxy }, state }) =>
      () => {
        state.tick++;
        return proxy.keep(state);
      },
    (codec, { state }) =>
      () => {
        state.tick++;
        return codec.encode(state);
      },
  ),
  decode: subject(
    'codec.state.decode',
    OPERATIONS.state,
    ({ generated, state }) => {
      void generated.proxy.keep(state);
      return generated.decoder('keep', { keep: (value: GameState) => value });
    },
    (codec, { state }) => decoding(codec, state),
  ),
};

function decoding(codec: PlainCodec, value: unknown): Operation {
  const encoded = codec.encode(value);
  // Coders may lend their own buffer.
  const own = encoded instanceof Uint8Array ? encoded.slice() : encoded;
  return () => codec.decode(own);
}

function exampleState(): GameState {
  const names = ['Kittiwake', 'Razorbill', 'Guillemot', 'Petrel', 'Gannet'];
  return {
    tick: 48_213,
    arena: 'north',
    players: names.map((name, number) => ({
      number,
      name,
      x: 1024.5 + number * 31.25,
      y: 768.25 - number * 17.5,
      vx: 3.5 * number,
      vy: -2.25,
      aim: 12_345 + number,
      hp: 100 - number * 7,
      score: 1500 * number,
      alive: number !== 3,
    })),
    pickups: [
      { kind: 'health', x: 100, y: 200 },
      { kind: 'crystal', x: 1900, y: 88 },
      { kind: 'shield', x: 640, y: 480 },
    ],
    weather: 'rain',
    leader: 'Gannet',
  };
}

export const codec: Topic<Stand> = {
  subjects: [tuple.encode, tuple.decode, state.encode, state.decode],
  async open() {
    return { generated: await GeneratedCodec.create(), plain: plainCodecs(), state: exampleState() };
  },
  async close() {},
};
