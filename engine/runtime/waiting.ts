import type { Lane } from '../../transport/link.ts';
import type { Operation } from './catalogue.ts';
import { type Chain, NO_CHAIN } from './chain.ts';
import type { Task } from './task.ts';

/** What waits in a mailbox: a frame that was copied out of its link, or a task that fell due. */
export class Waiting {
  readonly operation: Operation;
  readonly lane: Lane;
  /** The copied frame; undefined for a task. */
  readonly frame: Uint8Array | undefined;
  /** Index of the node that the frame came from. */
  readonly source: number;
  readonly task: Task | undefined;
  /** Milliseconds on the node's clock: since when it waits, and until when its caller does. */
  readonly since: number;
  readonly deadline: number;
  /** No longer in its mailbox: it runs, or its caller has given up, or it was refused. */
  taken = false;

  // Only in games with locks.
  /** How its caller's node knows it; 0 for what is one way, and for tasks. */
  requestId = 0;
  callerIncarnation = 0;
  chain: Chain = NO_CHAIN;
  /** The chain has a turn open at this very entity: it need not wait behind what waits for that turn. */
  comesBack = false;
  /** The same for all messages of one caller; others may share it by chance. */
  caller = 0;
  /** How often it was looked for a deadlock, and when next. */
  probes = 0;
  probeAt = Number.POSITIVE_INFINITY;
  /** Until then it is to be refused if the cycle that it is in is seen again. */
  suspectUntil = 0;

  constructor(
    operation: Operation,
    lane: Lane,
    frame: Uint8Array | undefined,
    source: number,
    task: Task | undefined,
    since: number,
    deadline: number,
  ) {
    this.operation = operation;
    this.lane = lane;
    this.frame = frame;
    this.source = source;
    this.task = task;
    this.since = since;
    this.deadline = deadline;
  }
}
