import { InvalidMessageError } from '../base/errors.ts';
import type { Access } from '../contract/contract.ts';
import type { Returns, WireType, WireTypes } from '../contract/wire-type.ts';
import type { Admit, GatewayOperation } from './ports.ts';

interface Parameter {
  readonly type: WireType;
  readonly optional: boolean;
  /** How messages name it: 'Hero.move: dx'. */
  readonly path: string;
}

/** An operation that some client may call, with everything that a call of it asks for. */
export class ReachableOperation {
  /** Contract and name, for people. */
  readonly label: string;
  readonly name: string;
  readonly access: Access;
  readonly rate: { readonly count: number; readonly perMs: number } | undefined;
  readonly returns: Returns;
  private readonly parameters: readonly Parameter[];
  private readonly types: WireTypes;

  constructor({ name, contract, traits, model }: GatewayOperation, types: WireTypes) {
    this.label = `${contract.name}.${name}`;
    this.name = name;
    this.access = traits.access;
    this.rate = traits.rate;
    this.returns = model.returns;
    this.parameters = model.parameters.map((parameter) => ({
      type: parameter.type,
      optional: parameter.optional ?? false,
      path: `${this.label}: ${parameter.name}`,
    }));
    this.types = types;
  }

  /**
   * The arguments of a call, checked and copied. Trailing optional ones may be missing; anything else has to be there and fit. Throws
   * InvalidMessageError.
   */
  admit(admit: Admit, values: readonly unknown[]): unknown[] {
    const { parameters } = this;
    if (values.length > parameters.length) {
      const text = `${this.label} takes ${parameters.length} arguments, not ${values.length}.`;
      throw new InvalidMessageError('invalid', text);
    }
    const args: unknown[] = [];
    for (let index = 0; index < parameters.length; index++) {
      const { type, optional, path } = parameters[index]!;
      if (optional && index >= values.length) break;
      const value = values[index];
      args.push(optional && value === undefined ? undefined : admit(this.types, type, value, path));
    }
    return args;
  }
}
