import { encodeCbor } from '../../transport/codec/cbor.ts';
import type { EntityId } from '../base/entity-id.ts';
import type { Caller, EntityPort } from '../gateway/ports.ts';
import { ClientView } from '../runtime/client-view.ts';
import type { NodeState } from '../runtime/node-state.ts';

type Method = (...args: unknown[]) => Promise<unknown> | undefined;

/** The world as clients reach it: their calls go through the generated proxies like all others, with the client as their source. */
export class ClientCalls implements EntityPort {
  private readonly state: NodeState;
  /** One source of calls for each session: order and identity belong to it. */
  private readonly views = new WeakMap<Caller, ClientView>();

  constructor(state: NodeState) {
    this.state = state;
  }

  call(
    caller: Caller,
    contract: string,
    operation: string,
    id: EntityId,
    args: unknown[],
    signal?: AbortSignal,
  ): Promise<unknown> | undefined {
    let view = this.views.get(caller);
    if (view === undefined) {
      view = new ClientView(this.state, caller.session, encodeCbor(caller.principal));
      this.views.set(caller, view);
    }
    const bound = this.state.catalogue.entityContract(contract);
    const proxy = view.getProxy(bound.generated.contract, id, signal && { signal }) as Record<string, Method>;
    return proxy[operation]!(...args);
  }
}
