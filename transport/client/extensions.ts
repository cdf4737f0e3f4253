/**
 * What MessagePack has no type for. Payloads:
 *
 *   -1 timestamp   4, 8 or 12 bytes as the MessagePack specification says     ⇄ Date
 *    1 undefined   empty                                                      ⇄ undefined, where it keeps a place in a list
 *    2 map         one array: key, value, key, value, …                       ⇄ Map
 *    3 set         one array                                                  ⇄ Set
 *    4 integer     sign (0 or 1), then the magnitude, big-endian, no leading zero ⇄ bigint beyond 64 bits
 *    5 reference   one array: contract, id                                    ⇄ proxy of an entity
 */
export const EXT_TIMESTAMP = -1;
export const EXT_UNDEFINED = 1;
export const EXT_MAP = 2;
export const EXT_SET = 3;
export const EXT_INTEGER = 4;
export const EXT_REFERENCE = 5;

/** Magnitudes up to 1024 bits, the limit of entity ids. */
export const INTEGER_BYTES_MAX = 128;

const INT64_MIN = -(1n << 63n);
const UINT64_MAX = (1n << 64n) - 1n;

/** Stands for an undefined that keeps its place in a list. */
export const UNDEFINED: object = Object.freeze({ undefined: true });

/** A bigint that 64 bits do not hold. */
export class LargeInteger {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

/** An entity id, or any other bigint, in a form that the encoder does not cut to 64 bits. */
export function onWire<T>(value: T): T | LargeInteger {
  if (typeof value !== 'bigint' || (value >= INT64_MIN && value <= UINT64_MAX)) return value;
  return new LargeInteger(value);
}

/** Throws RangeError beyond 1024 bits. */
export function integerToBytes(value: bigint): Uint8Array {
  const magnitude = (value < 0n ? -value : value).toString(16);
  const digits = magnitude.length % 2 === 0 ? magnitude : `0${magnitude}`;
  const count = digits.length / 2;
  if (count > INTEGER_BYTES_MAX)
    throw new RangeError('An integer of more than 1024 bits does not travel to or from clients.');
  const bytes = new Uint8Array(1 + count);
  bytes[0] = value < 0n ? 1 : 0;
  for (let index = 0; index < count; index++) {
    bytes[1 + index] = Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16);
  }
  return bytes;
}

export function integerFromBytes(bytes: Uint8Array): bigint {
  let digits = '0x0';
  for (let index = 1; index < bytes.length; index++) digits += bytes[index]!.toString(16).padStart(2, '0');
  const magnitude = BigInt(digits);
  return bytes[0] === 1 ? -magnitude : magnitude;
}
