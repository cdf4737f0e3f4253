/**
 * What two hosts of different versions of a game can say to each other. Each greets the other with the fingerprints of its operations. Who receives
 * knows the greeting before the first frame, and reads numbers as the sender meant them: an operation that looks the same on the wire has another
 * number perhaps, any other one is refused.
 */
import type { Catalogue, Operation } from '../runtime/catalogue.ts';

/** Of frames between hosts, apart from the game's own operations. */
const VERSION = 1;

/** What the peer's type number means here when there is no such type: nobody's, and the peer's own number can be read off. */
const FOREIGN_TYPE = 0x8000;
/** Operations that a line about a peer names at most. */
const NAMED_MAX = 5;

/** The peer's greeting is not one. */
export class GreetingError extends Error {
  override name = 'GreetingError';
}

/** A game, as far as hosts have to agree on it. */
export interface Shapes {
  readonly fingerprint: string;
  /** Names of the entity types, by number. */
  readonly types: readonly string[];
  readonly contracts: readonly {
    readonly name: string;
    readonly operations: readonly { readonly name: string; readonly code: number; readonly fingerprint: string }[];
  }[];
}

export function shapesOf({ fingerprint, entityTypes, operations }: Catalogue): Shapes {
  const contracts = new Set(operations.map((operation: Operation) => operation.contract));
  return {
    fingerprint,
    types: entityTypes.map(({ name }) => name),
    contracts: [...contracts].map(({ name, generated }) => ({ name, operations: generated.operations })),
  };
}

/** What a host says of its game, to every peer once. */
export function greetingOf({ fingerprint, types, contracts }: Shapes): Uint8Array {
  const listed = contracts.map(({ name, operations }) => [
    name,
    operations.map((operation) => [operation.name, operation.code, operation.fingerprint]),
  ]);
  return new TextEncoder().encode(JSON.stringify([VERSION, fingerprint, types, listed]));
}

interface Greeting extends Pick<Shapes, 'fingerprint' | 'types'> {
  readonly operations: readonly { readonly title: string; readonly code: number; readonly shape: string }[];
}

/** What a peer's numbers mean here. */
export class ContractAgreement {
  /** Every number means the same. */
  readonly isIdentical: boolean;
  /** By the peer's numbers: ours. */
  private readonly codes = new Map<number, number>();
  private readonly types: readonly number[];
  private readonly reasons = new Map<number, string>();

  /** `here` and `there` are how the two hosts are called in messages. Throws GreetingError. */
  constructor(own: Shapes, greeting: Uint8Array, here: string, there: string) {
    const { fingerprint, types, operations } = readGreeting(greeting);
    const isSameList = types.length === own.types.length && types.every((name, at) => name === own.types[at]);
    this.isIdentical = fingerprint === own.fingerprint && isSameList;
    this.types = types.map((name) => own.types.indexOf(name));
    const mine = new Map<string, { readonly code: number; readonly fingerprint: string }>(
      own.contracts.flatMap((contract) =>
        contract.operations.map((operation) => [`${contract.name}.${operation.name}`, operation]),
      ),
    );
    for (const { title, code, shape } of operations) {
      const found = mine.get(title);
      if (found?.fingerprint === shape) this.codes.set(code, found.code);
      else {
        const what = found === undefined ? 'does not exist' : 'has other parameters or another result';
        this.reasons.set(code, `${title} ${what} at ${here}, which runs another version of the game than ${there}`);
      }
    }
  }

  /** Our number for the peer's operation `code`; -1 when it is refused. */
  codeHere(code: number): number {
    return this.codes.get(code) ?? -1;
  }

  /** Our number for the peer's entity type; one that no type has, when it does not exist here. */
  typeHere(type: number): number {
    // A frame of ours that comes back.
    if (type >= FOREIGN_TYPE) return type - FOREIGN_TYPE;
    const here = this.types[type] ?? -1;
    return here === -1 ? FOREIGN_TYPE | type : here;
  }

  /** Why the peer's operation `code` is refused here, in words. */
  reasonOf(code: number): string {
    return this.reasons.get(code) ?? `There is no operation ${code} here`;
  }

  /** One line about what the peer cannot call here; undefined when that is nothing. */
  get refusals(): string | undefined {
    const all = [...this.reasons.values()];
    if (all.length === 0) return undefined;
    const more = all.length > NAMED_MAX ? `, and ${all.length - NAMED_MAX} more` : '';
    return `${all.slice(0, NAMED_MAX).join('; ')}${more}`;
  }
}

function readGreeting(bytes: Uint8Array): Greeting {
  const wrong = (): GreetingError => new GreetingError('The greeting of a peer cannot be understood.');
  let read: unknown;
  try {
    read = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw wrong();
  }
  if (!Array.isArray(read) || read[0] !== VERSION) throw wrong();
  const [, fingerprint, types, contracts] = read;
  if (typeof fingerprint !== 'string' || !Array.isArray(types) || !Array.isArray(contracts)) throw wrong();
  if (types.length >= FOREIGN_TYPE || types.some((name) => typeof name !== 'string')) throw wrong();
  const operations: { title: string; code: number; shape: string }[] = [];
  for (const contract of contracts) {
    if (!Array.isArray(contract) || typeof contract[0] !== 'string' || !Array.isArray(contract[1])) throw wrong();
    for (const operation of contract[1]) {
      if (!Array.isArray(operation)) throw wrong();
      const [name, code, shape] = operation;
      if (typeof name !== 'string' || !Number.isSafeInteger(code) || code < 0 || typeof shape !== 'string')
        throw wrong();
      operations.push({ title: `${contract[0]}.${name}`, code, shape });
    }
  }
  return { fingerprint, types, operations };
}
