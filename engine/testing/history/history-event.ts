/**
 * What happened in a cluster, whoever recorded it: the simulator, or the processes of one machine, whose monotonic clocks are one. `at` is
 * that common time in milliseconds; `mono` and `wall` are what the host's own clocks showed. Events of one host are in order.
 */
export type HistoryEvent = { readonly at: number } & (HostEvent | SlotEvent | CallEvent | LaneEvent);

interface OfHost {
  readonly host: string;
  readonly inc: number;
}

interface OfSlot extends OfHost {
  readonly slot: number;
  readonly epoch: number;
}

export type HostEvent =
  /** The host goes by this assignment from here on. `digest` is its content without term and nonce. */
  | (OfHost & { readonly kind: 'view'; readonly epoch: number; readonly term: number; readonly digest: string })
  /** A renewal of its lease is about to leave. */
  | (OfHost & { readonly kind: 'lease-sent'; readonly nonce: string; readonly mono: number; readonly wall: number })
  /** A record of this host was written, by itself or by others. */
  | (OfHost & { readonly kind: 'record'; readonly nonce: string; readonly state: string })
  /** An assignment was written. `owners` has `host/inc/node` for every slot, or ''; `given` the slots whose owner had stopped them for a move. */
  | {
      readonly kind: 'assigned';
      readonly epoch: number;
      readonly term: number;
      readonly owners: readonly string[];
      readonly given: readonly number[];
    }
  /** Its threads stood still from `from` until now, all of them or (`node`) one. */
  | (OfHost & { readonly kind: 'stood-still'; readonly from: number; readonly node: number | undefined })
  /** Its monotonic clock went back by so much. */
  | (OfHost & { readonly kind: 'set-back'; readonly ms: number })
  | (OfHost & { readonly kind: 'stopped'; readonly reason: string })
  | (OfHost & { readonly kind: 'hold'; readonly reason: string });

export type SlotEvent =
  | (OfSlot & { readonly kind: 'turn-start'; readonly turn: number; readonly node: number } & {
      readonly mono: number;
      readonly wall: number;
    })
  /** The last slice of the turn has ended. */
  | (OfSlot & { readonly kind: 'turn-end'; readonly turn: number; readonly node: number })
  /** An effect has left: a reply, a message, a write. */
  | (OfSlot & { readonly kind: 'produced'; readonly mono: number; readonly wall: number })
  /** An effect of (slot, epoch) was taken by a store, a node or a client. `host` is who took it. */
  | (OfSlot & { readonly kind: 'accepted'; readonly sink: 'store' | 'node'; readonly reliable: boolean });

export type CallEvent =
  /** `source` on this host calls `target`; `index` counts the reliable messages of this pair. `deadline` on the common time. */
  | (OfHost & {
      readonly kind: 'called';
      readonly call: string;
      readonly source: string;
      readonly target: string;
      readonly index: number;
      readonly deadline: number;
    })
  | (OfHost & { readonly kind: 'executed'; readonly call: string })
  /** At its caller: `ok`, `error`, or outcome and cause as `unknown:timeout`. */
  | { readonly kind: 'ended'; readonly call: string; readonly outcome: string };

/** The counters of an unreliable lane from one run of a host to another, when nothing is on its way any more. */
export interface LaneEvent {
  readonly kind: 'lane';
  readonly lane: string;
  readonly sent: number;
  readonly delivered: number;
  /** By either end, and by the network where that is known. */
  readonly dropped: number;
}
