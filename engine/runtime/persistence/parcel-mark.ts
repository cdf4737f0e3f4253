import { encodeCbor } from '../../../transport/codec/cbor.ts';
import type { RecordSave } from '../entity-store.ts';
import type { EntityRecord } from './entity-record.ts';
import { PARCELS_PREFIX } from './record-key.ts';

/** In the form of a state: nothing, in its first version. */
const HAS_PARCELS = encodeCbor([1, null]);

/** Its mark is saved with it in one batch, and so of one slot: both or neither. */
export const changesMark = ({ parcelsEtag, sending }: EntityRecord): boolean =>
  (parcelsEtag !== null) !== sending!.hasParcels;

/** The row that sets or takes away the mark. */
export const markOf = ({ key, parcelsEtag, sending, keeper: { slot } }: EntityRecord, epoch: number): RecordSave => ({
  key: PARCELS_PREFIX + key,
  bytes: sending!.hasParcels ? HAS_PARCELS : null,
  expectedEtag: parcelsEtag,
  slot,
  epoch,
});
