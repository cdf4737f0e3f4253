import type { Primitive } from './wire-type.ts';

/** Least and greatest value of the integer types that are numbers. */
export const NUMBER_RANGES: Readonly<Partial<Record<Primitive | string, readonly [number, number]>>> = Object.freeze({
  int8: [-0x80, 0x7f],
  int16: [-0x8000, 0x7fff],
  int32: [-0x80000000, 0x7fffffff],
  uint8: [0, 0xff],
  uint16: [0, 0xffff],
  uint32: [0, 0xffffffff],
});

export const BIGINT_RANGES: Readonly<Partial<Record<Primitive | string, readonly [bigint, bigint]>>> = Object.freeze({
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
});

/** A finite number that single precision turns into an infinity. */
export function exceedsFloat32(value: number): boolean {
  return Number.isFinite(value) && !Number.isFinite(Math.fround(value));
}
