/** How others turn values into bytes, each as fast as it goes: coders are kept, cbor-x knows the shapes of its records. */
import { Decoder as MsgpackDecoder, Encoder as MsgpackEncoder } from '@msgpack/msgpack';
import { Encoder as CborEncoder } from 'cbor-x';

export interface PlainCodec {
  encode(value: unknown): unknown;
  decode(encoded: any): unknown;
}

export function plainCodecs(): Readonly<Record<'json' | 'cbor-x' | 'msgpack', PlainCodec>> {
  const cbor = new CborEncoder({ structures: [] });
  const msgpackEncoder = new MsgpackEncoder();
  const msgpackDecoder = new MsgpackDecoder();
  return {
    // A string at most: that it has to become bytes some time is left out.
    json: { encode: (value) => JSON.stringify(value), decode: (text) => JSON.parse(text) },
    'cbor-x': { encode: (value) => cbor.encode(value), decode: (bytes) => cbor.decode(bytes) },
    msgpack: {
      // Not even copied out of the encoder's own buffer.
      encode: (value) => msgpackEncoder.encodeSharedRef(value),
      decode: (bytes) => msgpackDecoder.decode(bytes),
    },
  };
}
