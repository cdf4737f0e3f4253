import type { EntityId } from '../base/entity-id.ts';
import type { Contract } from '../contract/contract.ts';
import { ADDRESS, type Addressed } from '../contract/proxy.ts';

/** One operation as its proxies know it. */
export interface ProxyOperation {
  readonly contract: string;
  readonly name: string;
  /** For people. */
  readonly label: string;
  readonly timeoutMs: number;
  /** May calls be dropped when too much is on its way? */
  readonly droppable: boolean;
}

export interface ProxyOptions {
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A proxy's way out. */
export interface ProxyTarget {
  /** Undefined for a void operation. */
  call(operation: ProxyOperation, id: EntityId, args: unknown[], options: ProxyOptions): Promise<unknown> | undefined;
}

/** Base of the proxies at a client: one method per operation of the contract, never thenable. */
export class ClientProxy implements Addressed {
  readonly $target: ProxyTarget;
  readonly $id: EntityId;
  readonly $options: ProxyOptions;
  declare readonly $contract: string;

  constructor(target: ProxyTarget, id: EntityId, options: ProxyOptions) {
    this.$target = target;
    this.$id = id;
    this.$options = options;
  }

  [ADDRESS](): { contracts: readonly string[]; id: EntityId } {
    return { contracts: [this.$contract], id: this.$id };
  }
}

export type ClientProxyClass = new (target: ProxyTarget, id: EntityId, options: ProxyOptions) => ClientProxy;

/** The class of one contract's proxies. Made of closures: pages forbid eval, for good reasons. */
export function clientProxyClass(contract: Contract<unknown>): ClientProxyClass {
  const Class = class extends ClientProxy {};
  Object.defineProperty(Class.prototype, '$contract', { value: contract.name });
  for (const { name, timeoutMs, reliability } of contract.operations) {
    const operation: ProxyOperation = {
      contract: contract.name,
      name,
      label: `${contract.name}.${name}`,
      timeoutMs,
      droppable: reliability.startsWith('unreliable'),
    };
    Object.defineProperty(Class.prototype, name, {
      value(this: ClientProxy, ...args: unknown[]) {
        return this.$target.call(operation, this.$id, args, this.$options);
      },
    });
  }
  return Class;
}
