import { Decoder, decodeTimestampExtension, Encoder, ExtData, encodeTimestampExtension } from '@msgpack/msgpack';
import type { EntityId } from '../../engine/base/entity-id.ts';
import {
  EXT_INTEGER,
  EXT_MAP,
  EXT_REFERENCE,
  EXT_SET,
  EXT_TIMESTAMP,
  EXT_UNDEFINED,
  integerFromBytes,
  integerToBytes,
  LargeInteger,
  onWire,
  UNDEFINED,
} from './extensions.ts';

/** What stands for entities on this side of the socket. */
export interface EntityReferences {
  /** The address of a proxy; undefined for any other object. */
  addressOf(value: object): { contract: string; id: EntityId } | undefined;
  /** The proxy of an address. */
  reference(contract: string, id: EntityId): unknown;
}

/**
 * MessagePack as the client protocol speaks it. Numbers and bigints stay apart: integers of up to 32 bits travel as integers,
 * larger numbers as float64, bigints as int64 or uint64. `prepare` comes before `encode`, `vet` before `decode` when the bytes come
 * from somebody who is not trusted.
 */
export class MessagePack {
  private readonly encoder: Encoder;
  private readonly decoder: Decoder;

  constructor(references: EntityReferences) {
    const extensionCodec = new Extensions(this, references);
    this.encoder = new Encoder({ extensionCodec, useBigInt64: true, ignoreUndefined: true });
    this.decoder = new Decoder({ extensionCodec, useBigInt64: true });
  }

  /** The bytes are the encoder's own and good until the next call. Throws for what `prepare` would have refused. */
  encode(value: unknown): Uint8Array {
    return this.encoder.encodeSharedRef(value);
  }

  /** Bytes that stay. */
  encodeCopy(value: unknown): Uint8Array {
    return this.encoder.encode(value);
  }

  /** Byte strings in the value are views of `bytes`. Throws for anything that is not one value. */
  decode(bytes: Uint8Array): unknown {
    return this.decoder.decode(bytes);
  }
}

/** Nested values go through the same coder again; it notices and continues on a copy of itself. */
class Extensions {
  private readonly messagePack: MessagePack;
  private readonly references: EntityReferences;

  constructor(messagePack: MessagePack, references: EntityReferences) {
    this.messagePack = messagePack;
    this.references = references;
  }

  tryToEncode(value: unknown): ExtData | null {
    if (Array.isArray(value)) return null;
    if (value === UNDEFINED) return new ExtData(EXT_UNDEFINED, new Uint8Array(0));
    if (value instanceof Date) return new ExtData(EXT_TIMESTAMP, encodeTimestampExtension(value)!);
    if (value instanceof Uint8Array) return null;
    if (value instanceof Map) return new ExtData(EXT_MAP, this.messagePack.encodeCopy([...value].flat(1)));
    if (value instanceof Set) return new ExtData(EXT_SET, this.messagePack.encodeCopy([...value]));
    if (value instanceof LargeInteger) return new ExtData(EXT_INTEGER, integerToBytes(value.value));
    if (typeof value !== 'object') return null;
    const address = this.references.addressOf(value!);
    if (address === undefined) return null;
    return new ExtData(EXT_REFERENCE, this.messagePack.encodeCopy([address.contract, onWire(address.id)]));
  }

  decode(data: Uint8Array, type: number): unknown {
    switch (type) {
      case EXT_TIMESTAMP:
        return decodeTimestampExtension(data);
      case EXT_UNDEFINED:
        return undefined;
      case EXT_MAP: {
        const flat = this.messagePack.decode(data) as unknown[];
        const map = new Map();
        for (let index = 0; index + 1 < flat.length; index += 2) map.set(flat[index], flat[index + 1]);
        return map;
      }
      case EXT_SET:
        return new Set(this.messagePack.decode(data) as unknown[]);
      case EXT_INTEGER:
        return integerFromBytes(data);
      case EXT_REFERENCE: {
        const [contract, id] = this.messagePack.decode(data) as [string, EntityId];
        return this.references.reference(contract, id);
      }
      default:
        throw new Error(`Extension type ${type} is not part of the protocol.`);
    }
  }
}
