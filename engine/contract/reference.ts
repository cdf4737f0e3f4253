import { passes } from '../../transport/codec/collection.ts';
import { readEntityId, writeEntityId } from '../../transport/codec/entity-id.ts';
import { invalid } from '../../transport/codec/invalid.ts';
import type { Reader } from '../../transport/codec/reader.ts';
import { MISMATCH, type Writer } from '../../transport/codec/writer.ts';
import { checkEntityId, type EntityId } from '../base/entity-id.ts';
import { ADDRESS } from './proxy.ts';

/** The id of an entity or proxy of this contract; undefined for anything else. */
export function addressedId(value: unknown, contractName: string): EntityId | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const answer = (value as { [ADDRESS]?: unknown })[ADDRESS];
  if (typeof answer !== 'function') return undefined;
  const { contracts, id } = answer.call(value) as { contracts: readonly string[]; id: EntityId };
  return contracts.includes(contractName) && passes(checkEntityId, id) ? id : undefined;
}

/** Only the id travels: the contract is part of the type. */
export function writeReference(out: Writer, value: unknown, contractName: string): void {
  const id = addressedId(value, contractName);
  if (id === undefined) throw MISMATCH;
  writeEntityId(out, id);
}

export function readReference(input: Reader, contractName: string): unknown {
  const id = readEntityId(input);
  if (input.references === undefined) throw invalid('it names an entity where none can be');
  return input.references.reference(contractName, id);
}
