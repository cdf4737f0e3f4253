import type { EntityId } from '../base/entity-id.ts';
import { END_SESSION } from './frame.ts';
import type { NodeState } from './node-state.ts';
import { NodeView } from './node-view.ts';

/** No entity type stands behind a session. */
const NO_TYPE = 0xffff;

/** The node as one session of the gateway sees it: its calls say who the client is. */
export class ClientView extends NodeView {
  private readonly principalBytes: Uint8Array;

  /** `principal` as CBOR. */
  constructor(state: NodeState, session: EntityId, principal: Uint8Array) {
    super(state, END_SESSION, NO_TYPE, session, 0);
    this.principalBytes = principal;
    this.isPlain = false;
  }

  protected override get principal(): Uint8Array {
    return this.principalBytes;
  }
}
