import test from 'ava';
import { type BodyView, type Frame, packFrame, unpackFrame } from '../rules/frame.ts';
import { MAPS } from '../rules/maps.ts';
import { TICK_MS } from '../rules/numbers.ts';
import { World } from '../rules/world.ts';
import { Playback, turn } from './playback.ts';
import { Prediction } from './prediction.ts';

const body = (part: Partial<BodyView>): BodyView => ({
  number: 1,
  present: true,
  safe: false,
  rapid: false,
  travelling: false,
  firing: false,
  x: 0,
  y: 0,
  aim: 0,
  hp: 100,
  shield: 0,
  ack: 0,
  ...part,
});
const frame = (tick: number, part: Partial<Frame> = {}): Frame => ({
  tick,
  bodies: [],
  shots: [],
  pickups: [],
  ...part,
});

test('movement between frames is even, also when frames come late or are lost', (t) => {
  const playback = new Playback();
  const late = [0, 30, 5, 60, 0, 10, 45, 0, 20, 0, 0, 35];
  const places: number[] = [];
  let next = 0;
  const arrivals = Array.from({ length: 60 }, (_, tick) => ({
    tick,
    at: 1000 + tick * TICK_MS + late[tick % late.length]!,
  }))
    .filter(({ tick }) => tick % 17 !== 5)
    .sort((a, b) => a.at - b.at);
  for (let now = 1000; now < 3900; now += 16) {
    while (next < arrivals.length && arrivals[next]!.at <= now) {
      const { tick } = arrivals[next++]!;
      playback.push(frame(tick, { bodies: [body({ x: tick * 10 })] }), now);
    }
    if (now > 1600) places.push(playback.at(now)!.bodies[0]!.x);
  }
  const steps = places.slice(1).map((place, i) => place - places[i]!);
  t.true(Math.min(...steps) >= 0, 'never back');
  t.true(Math.max(...steps) < 2.5 * 3.2, `no jumps (${Math.max(...steps)})`);
});

test('a respawn jumps, it does not fly across the arena', (t) => {
  const playback = new Playback();
  for (let tick = 0; tick < 5; tick++)
    playback.push(frame(tick, { bodies: [body({ x: tick < 3 ? 100 : 1500 })] }), tick * TICK_MS);
  for (let now = 100; now < 300; now += 5) t.true([100, 1500].includes(playback.at(now)!.bodies[0]!.x));
});

test('a shot starts at the muzzle and flies straight', (t) => {
  const playback = new Playback();
  const shot = { id: 9, owner: 1, x: 138, y: 50, angle: 0 };
  playback.push(frame(10), 500);
  playback.push(frame(11, { shots: [shot] }), 550);
  playback.push(frame(12, { shots: [{ ...shot, x: 176 }] }), 600);
  const xs: number[] = [];
  for (let now = 610; now < 700; now += 10) for (const { x } of playback.at(now)!.shots) xs.push(x);
  t.true(xs.length > 5);
  t.true(xs.every((x, i) => i === 0 || x > xs[i - 1]!));
  t.true(xs[0]! >= 99 && xs.at(-1)! <= 180);
});

test('an arena that starts anew is followed', (t) => {
  const playback = new Playback();
  for (let tick = 5000; tick < 5005; tick++) playback.push(frame(tick), tick * TICK_MS);
  playback.push(frame(1, { bodies: [body({ x: 7 })] }), 5010 * TICK_MS);
  t.is(playback.newest!.tick, 1);
  t.is(playback.at(5011 * TICK_MS)!.bodies[0]!.x, 7);
});

test('angles turn the short way', (t) => {
  t.true(Math.abs(turn(0.1, Math.PI * 2 - 0.1) + 0.2) < 1e-9);
  t.true(Math.abs(turn(-3, 3) - (6 - Math.PI * 2)) < 1e-9);
});

test('the own player moves at once, and ends where the arena says', (t) => {
  const map = MAPS.north;
  const world = new World(map, () => 0.5);
  const me = world.enter('me', 'me', 1)!;
  const prediction = new Prediction();
  const see = () => unpackFrame(packFrame(world)).bodies[0]!;
  prediction.correct(map, see());
  const start = me.x;

  const onTheWay: { seq: number; x: number; y: number; aim: number; fire: boolean }[] = [];
  let worst = 0;
  for (let seq = 1; seq <= 60; seq++) {
    const steering = { seq, x: seq < 40 ? 127 : 0, y: seq % 20 < 10 ? 60 : -60, aim: 0, fire: false };
    prediction.step(map, steering);
    onTheWay.push(steering);
    if (seq === 1) t.true(prediction.at(1).x > start + 10, 'moves with the first step');
    // Four steps pass until the arena has it.
    if (onTheWay.length > 4) world.steer('me', 1, onTheWay.shift()!);
    world.step();
    const before = prediction.at(1);
    prediction.correct(map, see());
    const after = prediction.at(1);
    worst = Math.max(worst, Math.hypot(after.x - before.x, after.y - before.y));
  }
  for (const steering of onTheWay) {
    world.steer('me', 1, steering);
    world.step();
  }
  prediction.correct(map, see());
  t.true(worst < 0.5, `the arena agrees (${worst})`);
  t.true(Math.hypot(prediction.at(1).x - me.x, prediction.at(1).y - me.y) < 1);
});
