import type { PickupKind } from '../contracts.ts';
import { isPresent } from './body.ts';
import { SHIELD_MAX } from './numbers.ts';
import type { World } from './world.ts';

/*
 * One tick of an arena, packed: encoded once, sent to everybody in it. Little endian; places in twentieths of a unit.
 *
 *   0   tick u32 | bodies u8 | shots u16 | pickups u8
 *   8   bodies   number u8 | flags u8 | x u16 | y u16 | aim u8 | hp u8 | shield u8 | ack u16       11 bytes each
 *       shots    id u16 | owner u8 | angle u8 | x u16 | y u16                                       8 bytes each
 *       pickups  kind u8 | x u16 | y u16                                                            5 bytes each
 */
const HEADER = 8;
const BODY = 11;
const SHOT = 8;
const PICKUP = 5;
const FRACTION = 20;
const SHOTS_MAX = 1500;

const PRESENT = 1;
const SAFE = 2;
const RAPID = 4;
const TRAVELLING = 8;
const FIRING = 16;

const KINDS: readonly PickupKind[] = ['health', 'rapid', 'shield', 'crystal'];

export interface BodyView {
  number: number;
  present: boolean;
  safe: boolean;
  rapid: boolean;
  travelling: boolean;
  firing: boolean;
  x: number;
  y: number;
  /** Radians. */
  aim: number;
  hp: number;
  /** 0 to 1. */
  shield: number;
  /** The `seq` of the last steering carried out. */
  ack: number;
}
export interface ShotView {
  id: number;
  owner: number;
  x: number;
  y: number;
  /** Radians. */
  angle: number;
}
export interface PickupView {
  kind: PickupKind;
  x: number;
  y: number;
}
export interface Frame {
  tick: number;
  bodies: BodyView[];
  shots: ShotView[];
  pickups: PickupView[];
}

/** A fresh array with the world as it is now. */
export function packFrame(world: World): Uint8Array {
  const shots = Math.min(world.shots.length, SHOTS_MAX);
  const pickups = world.pickups.lying;
  const bytes = new Uint8Array(HEADER + world.bodies.size * BODY + shots * SHOT + pickups.length * PICKUP);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, world.tick, true);
  view.setUint8(4, world.bodies.size);
  view.setUint16(5, shots, true);
  view.setUint8(7, pickups.length);
  let at = HEADER;
  for (const body of world.bodies.values()) {
    view.setUint8(at, body.number);
    view.setUint8(
      at + 1,
      (isPresent(body) ? PRESENT : 0) |
        (body.safeTicks > 0 ? SAFE : 0) |
        (body.rapidTicks > 0 ? RAPID : 0) |
        (body.portalTicks > 0 ? TRAVELLING : 0) |
        (body.held.fire ? FIRING : 0),
    );
    view.setUint16(at + 2, Math.round(body.x * FRACTION), true);
    view.setUint16(at + 4, Math.round(body.y * FRACTION), true);
    view.setUint8(at + 6, body.aim >>> 8);
    view.setUint8(at + 7, body.hp);
    view.setUint8(at + 8, body.shield);
    view.setUint16(at + 9, body.ack, true);
    at += BODY;
  }
  for (let i = 0; i < shots; i++) {
    const shot = world.shots[i]!;
    view.setUint16(at, shot.id, true);
    view.setUint8(at + 2, shot.owner);
    view.setUint8(at + 3, Math.round((Math.atan2(shot.dy, shot.dx) / (Math.PI * 2)) * 256) & 0xff);
    view.setUint16(at + 4, Math.round(shot.x * FRACTION), true);
    view.setUint16(at + 6, Math.round(shot.y * FRACTION), true);
    at += SHOT;
  }
  for (const pickup of pickups) {
    view.setUint8(at, KINDS.indexOf(pickup.kind));
    view.setUint16(at + 1, Math.round(pickup.x * FRACTION), true);
    view.setUint16(at + 3, Math.round(pickup.y * FRACTION), true);
    at += PICKUP;
  }
  return bytes;
}

/** Throws RangeError when the bytes are not a frame. */
export function unpackFrame(bytes: Uint8Array): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bodyCount = view.getUint8(4);
  const shotCount = view.getUint16(5, true);
  const pickupCount = view.getUint8(7);
  if (bytes.length !== HEADER + bodyCount * BODY + shotCount * SHOT + pickupCount * PICKUP)
    throw new RangeError(`A frame of ${bytes.length} bytes does not hold what its header says.`);
  const frame: Frame = { tick: view.getUint32(0, true), bodies: [], shots: [], pickups: [] };
  let at = HEADER;
  for (let i = 0; i < bodyCount; i++, at += BODY) {
    const flags = view.getUint8(at + 1);
    frame.bodies.push({
      number: view.getUint8(at),
      present: (flags & PRESENT) !== 0,
      safe: (flags & SAFE) !== 0,
      rapid: (flags & RAPID) !== 0,
      travelling: (flags & TRAVELLING) !== 0,
      firing: (flags & FIRING) !== 0,
      x: view.getUint16(at + 2, true) / FRACTION,
      y: view.getUint16(at + 4, true) / FRACTION,
      aim: (view.getUint8(at + 6) / 256) * Math.PI * 2,
      hp: view.getUint8(at + 7),
      shield: view.getUint8(at + 8) / SHIELD_MAX,
      ack: view.getUint16(at + 9, true),
    });
  }
  for (let i = 0; i < shotCount; i++, at += SHOT) {
    frame.shots.push({
      id: view.getUint16(at, true),
      owner: view.getUint8(at + 2),
      angle: (view.getUint8(at + 3) / 256) * Math.PI * 2,
      x: view.getUint16(at + 4, true) / FRACTION,
      y: view.getUint16(at + 6, true) / FRACTION,
    });
  }
  for (let i = 0; i < pickupCount; i++, at += PICKUP) {
    const kind = KINDS[view.getUint8(at)];
    if (!kind) throw new RangeError('A frame holds a pick-up of no kind.');
    frame.pickups.push({
      kind,
      x: view.getUint16(at + 1, true) / FRACTION,
      y: view.getUint16(at + 3, true) / FRACTION,
    });
  }
  return frame;
}
