import type { Member, OperationModel, WireType } from '../engine/contract/wire-type.ts';
import type { Fingerprints } from './fingerprint.ts';
import type { GameModel } from './model/game-model.ts';

/** The wire of a game as text that is kept under version control: a change of it shows up in review. Ends with a newline. */
export function manifestText(model: GameModel, fingerprints: Fingerprints): string {
  const contracts = Object.fromEntries(
    model.contracts.map(({ name, operations }) => {
      const { contract, operations: hashes } = fingerprints.contracts.get(name)!;
      const rows = operations.map((operation, i) => [
        operation.name,
        { signature: signatureText(operation), fingerprint: hashes[i] },
      ]);
      return [name, { fingerprint: contract, operations: Object.fromEntries(rows) }];
    }),
  );
  const types = Object.fromEntries(Object.entries(model.types).map(([name, type]) => [name, declarationOf(type)]));
  return `${JSON.stringify({ fingerprint: fingerprints.game, contracts, types }, null, 2)}\n`;
}

function signatureText({ parameters, returns, result }: OperationModel): string {
  const list = parameters.map((member) => `${memberText(member)}: ${typeText(member.type)}`).join(', ');
  return `(${list}): ${returns === 'void' ? 'void' : `Promise<${result ? typeText(result) : 'void'}>`}`;
}

function memberText({ name, optional }: Member): string {
  return `${name}${optional ? '?' : ''}`;
}

/** Structs as one line a member, everything else as text. */
function declarationOf(type: WireType): string | Record<string, string> {
  if (type.kind !== 'struct') return typeText(type);
  return Object.fromEntries(type.members.map((member) => [memberText(member), typeText(member.type)]));
}

/** As TypeScript would write it, wire types by their names; a proxy is `entity Hero`. */
export function typeText(type: WireType): string {
  switch (type.kind) {
    case 'float64':
      return 'number';
    case 'bytes':
      return 'Uint8Array';
    case 'date':
      return 'Date';
    case 'nullable':
      return `${typeText(type.of)} | null`;
    case 'array':
      return /[ |]/.test(typeText(type.of)) ? `(${typeText(type.of)})[]` : `${typeText(type.of)}[]`;
    case 'tuple':
      return `[${type.items.map(typeText).join(', ')}]`;
    case 'map':
      return `Map<${typeText(type.key)}, ${typeText(type.value)}>`;
    case 'set':
      return `Set<${typeText(type.of)}>`;
    case 'record':
      return `Record<string, ${typeText(type.of)}>`;
    case 'literals':
      return type.values.map((value) => JSON.stringify(value)).join(' | ');
    case 'struct':
      return `{ ${type.members.map((member) => `${memberText(member)}: ${typeText(member.type)}`).join('; ')} }`;
    case 'union':
      return type.variants
        .map((variant) => `${typeText(variant.type)} (${type.tag} ${JSON.stringify(variant.value)})`)
        .join(' | ');
    case 'proxy':
      return `entity ${type.contract}`;
    case 'named':
      return type.name;
    default:
      return type.kind;
  }
}
