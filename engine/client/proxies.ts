import { milliseconds } from '../base/duration.ts';
import { checkEntityId, type EntityId } from '../base/entity-id.ts';
import { notImplemented } from '../base/errors.ts';
import { type Contract, contract as contractOf, type OperationOptions } from '../contract/contract.ts';
import type { CallOptions } from './call-options.ts';
import {
  type ClientProxy,
  type ClientProxyClass,
  clientProxyClass,
  type ProxyOptions,
  type ProxyTarget,
} from './client-proxy.ts';

const NO_OPTIONS: ProxyOptions = Object.freeze({ timeoutMs: undefined, signal: undefined });

/** The proxies of one connection, one class per contract. */
export class Proxies {
  private readonly target: ProxyTarget;
  private readonly operations: Readonly<Record<string, Readonly<Record<string, number>>>>;
  private readonly classes = new Map<string, { contract: Contract<unknown>; Class: ClientProxyClass }>();

  /** `operations` is what the server listed: for proxies that arrive and whose contract this program never mentions. */
  constructor(target: ProxyTarget, operations: Readonly<Record<string, Readonly<Record<string, number>>>>) {
    this.target = target;
    this.operations = operations;
  }

  /** Throws TypeError and RangeError for what is no contract, id or option. */
  get(contract: Contract<unknown>, id: EntityId, options: CallOptions | undefined): ClientProxy {
    if (typeof contract?.name !== 'string' || !Array.isArray(contract.operations)) {
      throw new TypeError('getProxy() takes a contract, as made by contract().');
    }
    checkEntityId(id);
    let known = this.classes.get(contract.name);
    if (known?.contract !== contract) {
      known = { contract, Class: clientProxyClass(contract) };
      this.classes.set(contract.name, known);
    }
    return new known.Class(this.target, id, options === undefined ? NO_OPTIONS : proxyOptions(options));
  }

  /** A proxy that arrived in a value. */
  reference(contractName: string, id: EntityId): ClientProxy {
    checkEntityId(id);
    const known = this.classes.get(contractName);
    if (known !== undefined) return new known.Class(this.target, id, NO_OPTIONS);
    const listed = Object.hasOwn(this.operations, contractName) ? this.operations[contractName]! : {};
    const table = Object.fromEntries(Object.keys(listed).map((name): [string, OperationOptions] => [name, {}]));
    return this.get(contractOf<Record<string, never>>(contractName, table as never), id, undefined);
  }
}

function proxyOptions({ timeout, signal, onlyIfActive }: CallOptions): ProxyOptions {
  if (onlyIfActive) throw notImplemented('onlyIfActive at a client');
  return { timeoutMs: timeout === undefined ? undefined : milliseconds(timeout, 'timeout'), signal };
}
