import { explain } from '../contract/check.ts';
import type { WireTypes } from '../contract/wire-type.ts';
import type { Operation } from './catalogue.ts';

/** What is wrong with arguments that a codec could not write, in words. */
export function explainArguments(types: WireTypes, operation: Operation, args: readonly unknown[]): Error {
  const { model, contract, name } = operation;
  const title = `${contract.name}.${name}`;
  try {
    for (let i = 0; i < model.parameters.length; i++) {
      const parameter = model.parameters[i]!;
      if (parameter.optional && args[i] === undefined) continue;
      const path = `${title}: ${parameter.name}`;
      const error = explain(types, parameter.type, args[i], path);
      if (error !== undefined) return error;
    }
  } catch {
    // A getter or a proxy among the arguments that throws when looked at again.
  }
  return new TypeError(`${title}: an argument does not fit its type.`);
}
