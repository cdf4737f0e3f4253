/**
 * What two hosts of different versions of a game can say to each other. Each greets the other with the fingerprints of its operations; an operation
 * that looks the same on the wire is called by the number it has over there, any other one is refused before it is sent.
 */
import type { Generated } from '../contract/generated.ts';

const VERSION = 1;

/** Of this host's operations, at one peer. */
export type OperationVerdict =
  | 'compatible'
  /** The same on the wire, under another number. */
  | 'adaptable'
  | 'refused';

/** The peer's greeting is not one. */
export class GreetingError extends Error {
  override name = 'GreetingError';
}

type Shapes = Pick<Generated, 'fingerprint'> & {
  readonly contracts: readonly {
    readonly model: { readonly name: string };
    readonly operations: readonly { readonly name: string; readonly code: number; readonly fingerprint: string }[];
  }[];
};

/** What a host says of its game, to every peer once. */
export function greetingOf({ fingerprint, contracts }: Shapes): Uint8Array {
  const listed = contracts.map(({ model, operations }) => [
    model.name,
    operations.map(({ name, code, fingerprint: shape }) => [name, code, shape]),
  ]);
  return new TextEncoder().encode(JSON.stringify([VERSION, fingerprint, listed]));
}

export class ContractAgreement {
  /** Nothing differs. */
  readonly isIdentical: boolean;
  /** One line for each operation that cannot be called there, for the log and for whoever calls it. */
  readonly refusals: readonly string[];
  private readonly codes = new Map<number, number>();
  private readonly reasons = new Map<number, string>();

  /** Throws GreetingError. `peer` is how the other host is called in messages. */
  constructor(own: Shapes, greeting: Uint8Array, peer: string) {
    const { fingerprint, operations } = readGreeting(greeting);
    this.isIdentical = fingerprint === own.fingerprint;
    for (const { model, operations: mine } of own.contracts) {
      for (const { name, code, fingerprint: shape } of mine) {
        const title = `${model.name}.${name}`;
        const theirs = operations.get(title);
        if (theirs?.shape === shape) this.codes.set(code, theirs.code);
        else {
          const what = theirs === undefined ? 'does not exist' : 'has other parameters or another result';
          this.reasons.set(code, `${title} ${what} at ${peer}, which runs another version of the game`);
        }
      }
    }
    this.refusals = [...this.reasons.values()];
  }

  /** The number of our operation `code` over there; -1 when it is refused. */
  codeThere(code: number): number {
    return this.codes.get(code) ?? -1;
  }

  verdictOf(code: number): OperationVerdict {
    const there = this.codeThere(code);
    return there === code ? 'compatible' : there === -1 ? 'refused' : 'adaptable';
  }

  /** Why an operation is refused, in words. */
  reasonOf(code: number): string | undefined {
    return this.reasons.get(code);
  }
}

function readGreeting(bytes: Uint8Array): {
  fingerprint: string;
  operations: Map<string, { code: number; shape: string }>;
} {
  const wrong = (): GreetingError => new GreetingError('The greeting of a peer cannot be understood.');
  let read: unknown;
  try {
    read = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw wrong();
  }
  if (!Array.isArray(read) || read[0] !== VERSION || typeof read[1] !== 'string' || !Array.isArray(read[2]))
    throw wrong();
  const operations = new Map<string, { code: number; shape: string }>();
  for (const contract of read[2]) {
    if (!Array.isArray(contract) || typeof contract[0] !== 'string' || !Array.isArray(contract[1])) throw wrong();
    for (const operation of contract[1]) {
      if (!Array.isArray(operation)) throw wrong();
      const [name, code, shape] = operation;
      if (typeof name !== 'string' || !Number.isSafeInteger(code) || code < 0 || typeof shape !== 'string')
        throw wrong();
      operations.set(`${contract[0]}.${name}`, { code, shape });
    }
  }
  return { fingerprint: read[1], operations };
}
