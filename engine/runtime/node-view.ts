import { encodeCbor } from '../../transport/codec/cbor.ts';
import type { References } from '../../transport/codec/reader.ts';
import { MISMATCH } from '../../transport/codec/writer.ts';
import type { Lane } from '../../transport/link.ts';
import { milliseconds } from '../base/duration.ts';
import { checkEntityId, type EntityId } from '../base/entity-id.ts';
import { EngineError, InvalidMessageError, notImplemented, UnavailableError } from '../base/errors.ts';
import { explain } from '../contract/check.ts';
import type { Contract, Priority } from '../contract/contract.ts';
import type { CallTarget } from '../contract/proxy.ts';
import type { CallContext } from './call-context.ts';
import { Caller, type ProxyOptions } from './caller.ts';
import { type EntityTypeEntry, laneOf, type Operation } from './catalogue.ts';
import { COMPUTE, CREATE, DESTROY, GATEWAY_NEWS, GROUP_ADD, GROUP_REMOVE, LIST } from './engine-operations.ts';
import { END_ENTITY, END_GROUP, END_HOST, END_PRINCIPAL, END_SESSION, FLAG_ONLY_IF_ACTIVE } from './frame.ts';
import { LIST_START, type ListCursor, type ListPage } from './list-page.ts';
import type { CallOptions, Group, Location, NodeRef } from './node-ref.ts';

/** Affinity keys of all types share the keyspace under this number instead of a type's; those of types are larger. */
const AFFINITY = 0xffff;

/** The engine as one source of calls sees it: `this.node` of an entity, `node` of `onStart`, a host. */
export class NodeView extends Caller implements NodeRef, References {
  getProxy<I>(contract: Contract<I>, id: EntityId = 0, options?: CallOptions): I {
    return this.entityProxy(contract, id, options === undefined ? undefined : proxyOptions(options, undefined)) as I;
  }

  /** A proxy whose calls carry a context. */
  getProxyIn<I>(context: CallContext, contract: Contract<I>, id: EntityId = 0, options: CallOptions = {}): I {
    return this.entityProxy(contract, id, proxyOptions(options, context)) as I;
  }

  /** For proxies that arrive as values. */
  reference(contractName: string, id: EntityId): unknown {
    return this.entityProxy(contractName, id, undefined);
  }

  async create<I>(contract: Contract<I>, id: EntityId, initial?: unknown): Promise<void> {
    const { type } = this.state.catalogue.entityContract(contract);
    await this.ask(CREATE, id, this.slotFor(type, id), [type.name, initial !== undefined, initial]);
  }

  async destroy<I>(contract: Contract<I>, id: EntityId): Promise<boolean> {
    const { type } = this.state.catalogue.entityContract(contract);
    return (await this.ask(DESTROY, id, this.slotFor(type, id), [type.name])) === true;
  }

  async locate<I>(contract: Contract<I>, id: EntityId): Promise<Location> {
    const { type } = this.state.catalogue.entityContract(contract);
    const { router } = this.state;
    const slot = this.slotFor(type, id);
    const owner = router.ownerOf(slot);
    if (owner < 0)
      throw new UnavailableError('no-owner', `${type.name}/${id}: slot ${slot} has no owner at the moment.`);
    return { ...router.describe(owner), slot };
  }

  async *list<I>(contract: Contract<I>): AsyncGenerator<EntityId, void, undefined> {
    const { type } = this.state.catalogue.entityContract(contract);
    const { router } = this.state;
    for (const node of router.nodes()) {
      for (let cursor: ListCursor | undefined = LIST_START; cursor !== undefined; ) {
        let page: ListPage;
        try {
          page = (await this.ask(LIST, 0, -1 - node, [type.name, cursor])) as ListPage;
        } catch (error) {
          // A host that is gone meanwhile has no live entities.
          if (router.nodes().includes(node)) throw error;
          break;
        }
        yield* page.ids;
        cursor = page.next;
      }
    }
  }

  move(): Promise<void> {
    return Promise.reject(notImplemented('node.move()'));
  }

  getClientProxy<I>(contract: Contract<I>, principalId: EntityId): I {
    checkEntityId(principalId);
    const bound = this.state.catalogue.contract(contract);
    const node = this.state.router.gatewayOf(principalId);
    return new bound.generated.Proxy(this, principalId, -1 - node, END_PRINCIPAL) as I;
  }

  /** A proxy to one session of the gateway on `node`. */
  getSessionProxy<I>(contract: Contract<I>, node: number, session: number): I {
    const bound = this.state.catalogue.contract(contract);
    return new bound.generated.Proxy(this, session, -1 - node, END_SESSION) as I;
  }

  group<I>(contract: Contract<I>, name: string): Group<I> {
    checkEntityId(name);
    const bound = this.state.catalogue.contract(contract);
    const slot = -1 - this.state.router.groupsAt();
    const change = async (operation: Operation, principalId: EntityId): Promise<void> => {
      checkEntityId(principalId);
      await this.ask(operation, 0, slot, [bound.name, name, principalId]);
    };
    return {
      add: (principalId) => change(GROUP_ADD, principalId),
      remove: (principalId) => change(GROUP_REMOVE, principalId),
      proxy: new bound.generated.Proxy(this, name, slot, END_GROUP) as unknown as Group<I>['proxy'],
    };
  }

  async compute<R = unknown>(name: string, input: unknown, options?: CallOptions): Promise<R> {
    const { catalogue, outbox, router } = this.state;
    const names = Object.keys(catalogue.game.compute ?? {});
    if (!names.includes(name)) {
      const known = names.length === 0 ? 'it defines none' : `it has ${names.map((one) => `'${one}'`).join(', ')}`;
      throw new TypeError(`node.compute(): the game has no compute function '${String(name)}'; ${known}.`);
    }
    const given = options === undefined ? undefined : proxyOptions(options, undefined);
    const what = `node.compute('${name}')`;
    const target: CallTarget = { $id: name, $slot: -1 - router.computeAt(), $end: END_HOST, $options: given };
    const payload = this.encodedValue(input, `${what}: input`);
    try {
      const out = this.openFrame(COMPUTE, name, target.$slot, END_HOST, given, payload.length);
      out.bytes.set(payload, out.at);
      out.at += payload.length;
    } catch (error) {
      if (!(error instanceof InvalidMessageError)) throw error;
      throw new InvalidMessageError(error.code, `${what}: ${error.message}`);
    }
    let reply: Promise<unknown>;
    try {
      reply = this.callFrame(COMPUTE, given, target);
    } catch (error) {
      outbox.abandon();
      throw error;
    }
    return reply as Promise<R>;
  }

  private entityProxy(contract: Contract<any> | string, id: EntityId, options: ProxyOptions | undefined): object {
    const bound = this.state.catalogue.entityContract(contract);
    checkEntityId(id);
    return new bound.generated.Proxy(this, id, this.slotFor(bound.type, id), END_ENTITY, options);
  }

  /** The slot of an entity. */
  slotFor(type: EntityTypeEntry, id: EntityId): number {
    const { router } = this.state;
    if (type.affinity === undefined) return router.slotOf(type.keyspace, id);
    const key = type.affinity(id);
    checkEntityId(key);
    return router.slotOf(AFFINITY, key);
  }

  /** One of the engine's own operations, at the owner of a slot or (below zero) at a node. */
  ask(operation: Operation, id: EntityId, slot: number, args: unknown[], bytesAbout?: number): Promise<unknown> {
    try {
      checkEntityId(id);
      // Before the frame is open: the getters of an initial state may make calls of their own.
      const payload = this.encoded(operation, args, bytesAbout);
      const out = this.openFrame(operation, id, slot, slot >= 0 ? END_ENTITY : END_HOST, undefined, payload.length);
      out.bytes.set(payload, out.at);
      out.at += payload.length;
    } catch (error) {
      return Promise.reject(error);
    }
    try {
      return this.callFrame(operation, undefined, undefined);
    } catch (error) {
      this.state.outbox.abandon();
      return Promise.reject(error);
    }
  }

  /** Resolves once the gateway at a node has heard it. */
  tellGateway(node: number, rows: readonly unknown[]): Promise<unknown> {
    return this.ask(GATEWAY_NEWS, 0, -1 - node, rows as unknown[]);
  }

  /** One way, to a node; what cannot leave is lost. */
  tell(operation: Operation, node: number, args: unknown[]): void {
    try {
      const payload = this.encoded(operation, args);
      const out = this.openFrame(operation, 0, -1 - node, END_HOST, undefined, payload.length);
      out.bytes.set(payload, out.at);
      out.at += payload.length;
      this.sendFrame(operation, undefined);
    } catch (error) {
      this.state.outbox.abandon();
      if (!(error instanceof EngineError)) throw error;
    }
  }

  private encoded(operation: Operation, args: unknown[], bytesAbout?: number): Uint8Array {
    try {
      return encodeCbor(args, bytesAbout);
    } catch (error) {
      if (error !== MISMATCH) throw error;
      // All that is not the engine's own comes last.
      throw this.unencodable(args.at(-1), `node.${operation.name}(): ${operation === CREATE ? 'initial' : 'argument'}`);
    }
  }

  private encodedValue(value: unknown, what: string): Uint8Array {
    try {
      return encodeCbor(value);
    } catch (error) {
      throw error === MISMATCH ? this.unencodable(value, what) : error;
    }
  }

  private unencodable(value: unknown, what: string): Error {
    return explain(this.state.catalogue.types, { kind: 'unknown' }, value, what) ?? new TypeError(what);
  }
}

function proxyOptions(options: CallOptions, context: CallContext | undefined): ProxyOptions {
  return {
    timeoutMs: options.timeout === undefined ? undefined : milliseconds(options.timeout, 'timeout'),
    signal: options.signal,
    lane: options.priority === undefined ? undefined : laneFor(options.priority),
    flags: options.onlyIfActive ? FLAG_ONLY_IF_ACTIVE : 0,
    context,
  };
}

function laneFor(priority: Priority): Lane {
  const lane: Lane | undefined = laneOf(priority);
  if (lane !== undefined) return lane;
  throw new TypeError(`priority is '${String(priority)}'; it can be low, medium or high.`);
}
