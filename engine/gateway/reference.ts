import type { EntityReferences } from '../../transport/client/msgpack.ts';
import { MalformedError } from '../../transport/client/vet.ts';
import { checkEntityId, type EntityId } from '../base/entity-id.ts';
import { ADDRESS, type Addressed } from '../contract/proxy.ts';

/** An entity that a client named: stands where a proxy belongs until the arguments are encoded for the world. */
export class NamedEntity implements Addressed {
  private readonly contract: string;
  private readonly id: EntityId;

  constructor(contract: string, id: EntityId) {
    this.contract = contract;
    this.id = id;
  }

  [ADDRESS](): { contracts: readonly string[]; id: EntityId } {
    return { contracts: [this.contract], id: this.id };
  }
}

/** Proxies, whoever made them, travel to clients and back as contract and id. */
export const REFERENCES: EntityReferences = Object.freeze({
  addressOf(value: object) {
    const answer = (value as Partial<Addressed>)[ADDRESS];
    if (typeof answer !== 'function') return undefined;
    const { contracts, id } = answer.call(value);
    return { contract: contracts[0]!, id };
  },
  reference(contract: string, id: EntityId) {
    try {
      checkEntityId(id);
    } catch {
      throw new MalformedError('a reference without an id');
    }
    return new NamedEntity(contract, id);
  },
});
