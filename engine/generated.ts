/** The door of generated code: the base class and the codec pieces that it is made of. */

export { readBytes, writeBytes } from '../transport/codec/bytes.ts';
export { readUnknown, writeUnknown } from '../transport/codec/cbor.ts';
export {
  dateOf,
  entriesOf,
  keysOf,
  put,
  sizeOfMap,
  sizeOfSet,
  timeOf,
  valuesOf,
} from '../transport/codec/collection.ts';
export { readCount, reserve, writeCount } from '../transport/codec/count.ts';
export { DEPTH_MAX } from '../transport/codec/depth.ts';
export { invalid, leftover, truncated } from '../transport/codec/invalid.ts';
export { readString, writeString } from '../transport/codec/string.ts';
export { MISMATCH, OVERFLOW } from '../transport/codec/writer.ts';
export { Proxy } from './contract/proxy.ts';
export { readReference, writeReference } from './contract/reference.ts';
