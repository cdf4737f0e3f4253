import type { Contract } from '../contract/contract.ts';

type Handler = (...args: unknown[]) => unknown;

/** What this client implements: for each contract the handlers that were registered last. */
export class Handlers {
  private readonly byContract = new Map<string, Record<string, unknown>>();

  /** Returns how to take them back. Throws TypeError for an operation that is no function. */
  register(contract: Contract<unknown>, handlers: object): () => void {
    const known = new Set(contract.operations.map(({ name }) => name));
    for (const name of Object.keys(handlers)) {
      if (known.has(name) && typeof (handlers as Record<string, unknown>)[name] !== 'function') {
        throw new TypeError(`${contract.name}.${name} is implemented by something that is not a function.`);
      }
    }
    const table = handlers as Record<string, unknown>;
    this.byContract.set(contract.name, table);
    return () => {
      if (this.byContract.get(contract.name) === table) this.byContract.delete(contract.name);
    };
  }

  /** Bound to the object that it was registered with; undefined when nobody implements it. */
  find(contract: string, operation: string): Handler | undefined {
    const table = this.byContract.get(contract);
    const handler = table?.[operation];
    // Names come from the server, and every object has a `constructor`.
    if (typeof handler !== 'function' || handler === (Object.prototype as unknown as typeof table)![operation])
      return undefined;
    return (...args) => handler.apply(table, args);
  }
}
