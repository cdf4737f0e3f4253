import { RETURNS } from '../../transport/client/frames.ts';
import type { EntityId } from '../base/entity-id.ts';
import type { Access } from '../contract/contract.ts';
import type { Principal } from '../contract/principal.ts';
import type { Contracts } from './ports.ts';
import { ReachableOperation } from './reachable-operation.ts';

/** May this principal call an operation of this access on this entity? What is not said to be reachable is not. */
export function mayCall(access: Access, principal: Principal, id: EntityId): boolean {
  if (access === 'client') return true;
  // Kinds are distinct: 7, 7n and '7' are three principals.
  if (access === 'owner') return id === principal.id;
  return typeof access === 'object' && (principal.roles?.includes(access.role) ?? false);
}

/** Could this principal call it on any entity at all? */
function couldCall(access: Access, principal: Principal): boolean {
  return mayCall(access, principal, principal.id);
}

/** The operations that some client may call: the only ones that the gateway knows for calls. */
export class ReachableOperations {
  private readonly contracts = new Map<string, Map<string, ReachableOperation>>();
  /** What principals with the same roles are told is always the same. */
  private readonly listings = new Map<string, Record<string, Record<string, number>>>();

  constructor(contracts: Contracts) {
    for (const operation of contracts.operations) {
      if (operation.traits.access === 'server') continue;
      const name = operation.contract.name;
      let operations = this.contracts.get(name);
      if (operations === undefined) {
        operations = new Map();
        this.contracts.set(name, operations);
      }
      operations.set(operation.name, new ReachableOperation(operation, contracts.types));
    }
  }

  find(contract: string, operation: string): ReachableOperation | undefined {
    return this.contracts.get(contract)?.get(operation);
  }

  /** For the welcome: contract → operation → how it answers, as far as the principal reaches. */
  listing(principal: Principal): Record<string, Record<string, number>> {
    const key = JSON.stringify([...(principal.roles ?? [])].sort());
    const known = this.listings.get(key);
    if (known !== undefined) return known;
    const listing: Record<string, Record<string, number>> = {};
    for (const [contract, operations] of this.contracts) {
      const reachable = [...operations.values()].filter(({ access }) => couldCall(access, principal));
      if (reachable.length === 0) continue;
      listing[contract] = Object.fromEntries(reachable.map(({ name, returns }) => [name, RETURNS.indexOf(returns)]));
    }
    // Roles come from the game, but it may make them up per principal.
    if (this.listings.size >= LISTINGS_MAX) this.listings.clear();
    this.listings.set(key, listing);
    return listing;
  }
}

const LISTINGS_MAX = 256;
