import test from 'ava';
import fc from 'fast-check';
import { StoreError } from '../base/errors.ts';
import { etagOf, packedLength, packInto, unpackRecord } from './stored-form.ts';

const packRecord = (number: number, epoch: number, state: Uint8Array): Buffer =>
  packInto(Buffer.alloc(packedLength(state), 0xaa), number, epoch, state);

test('what was packed comes out', (t) => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.nat(), fc.maxSafeNat(), (bytes, epoch, number) => {
      const packed = packRecord(number, epoch, bytes);
      const record = unpackRecord('k', packed);
      return (
        Buffer.compare(record.bytes, bytes) === 0 &&
        record.epoch === epoch &&
        record.etag === String(number) &&
        etagOf(packed) === record.etag
      );
    }),
  );
  t.pass();
});

test('a flipped bit, a missing end or nothing at all is a corrupt record that is named', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(), fc.boolean(), (bytes, at, cut) => {
      const packed = packRecord(5, 1, bytes);
      const bit = at % (packed.length * 8);
      const damaged = cut ? packed.subarray(0, at % packed.length) : Buffer.from(packed);
      if (!cut) damaged[bit >> 3]! ^= 1 << (bit & 7);
      // Bytes 0 to 3 are no part of the sum: the form, and room.
      if (!cut && bit < 32) return true;
      try {
        unpackRecord('hero/7', damaged);
      } catch (error) {
        return error instanceof StoreError && error.code === 'corrupt' && error.message.includes('hero/7');
      }
      return false;
    }),
  );
  const newer = packRecord(1, 1, new Uint8Array(3));
  newer[0] = 9;
  t.throws(() => unpackRecord('k', newer), { instanceOf: StoreError, code: 'newer-version' });
});
