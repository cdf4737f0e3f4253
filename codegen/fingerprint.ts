import { createHash } from 'node:crypto';
import type { ContractModel, Member, OperationModel, WireType, WireTypes } from '../engine/contract/wire-type.ts';

/**
 * Short hashes of what matters on the wire: names of contracts, operations and members, kinds and order. Names of types and parameters
 * do not travel, so they may change.
 */
export interface Fingerprints {
  readonly game: string;
  /** By contract. */
  readonly contracts: ReadonlyMap<string, { readonly contract: string; readonly operations: readonly string[] }>;
}

export function fingerprintsOf(contracts: readonly ContractModel[], types: WireTypes): Fingerprints {
  const byName = new Map(
    contracts.map((contract) => {
      const operations = contract.operations.map((operation) => hash([contract.name, shapeOf(operation, types)]));
      return [contract.name, { contract: hash([contract.name, operations]), operations }] as const;
    }),
  );
  return { game: hash([...byName.values()].map(({ contract }) => contract)), contracts: byName };
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}

/** Named types are written out where they first occur and numbered, so that their names do not matter. */
function shapeOf(operation: OperationModel, types: WireTypes): unknown {
  const seen = new Map<string, number>();
  const shape = (type: WireType): unknown => {
    switch (type.kind) {
      case 'named': {
        const known = seen.get(type.name);
        if (known !== undefined) return ['again', known];
        seen.set(type.name, seen.size);
        return ['new', shape(types[type.name]!)];
      }
      case 'nullable':
      case 'array':
      case 'set':
      case 'record':
        return [type.kind, shape(type.of)];
      case 'map':
        return ['map', shape(type.key), shape(type.value)];
      case 'tuple':
        return ['tuple', ...type.items.map(shape)];
      case 'literals':
        return ['literals', ...type.values];
      case 'struct':
        return ['struct', ...type.members.map((member) => [member.name, ...slot(member)])];
      case 'union':
        return ['union', type.tag, ...type.variants.map(({ value, type }) => [value, shape(type)])];
      case 'proxy':
        return ['proxy', type.contract];
      default:
        return type.kind;
    }
  };
  const slot = (member: Member): unknown[] => [member.optional ? 'optional' : 'required', shape(member.type)];
  return [
    operation.name,
    operation.parameters.map(slot),
    operation.returns,
    operation.result ? shape(operation.result) : null,
  ];
}
