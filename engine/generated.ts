/** The door of generated code: the base class and the codec pieces that it is made of. */
export { Proxy } from './contract/proxy.ts';
export { MISMATCH, OVERFLOW } from '../transport/codec/writer.ts';
