import type { Lane } from '../../transport/link.ts';
import type { Operation } from './catalogue.ts';
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
  /** The caller has given up; set by a cancel frame. */
  cancelled = false;

  constructor(operation: Operation, lane: Lane, frame: Uint8Array | undefined, source: number, task: Task | undefined) {
    this.operation = operation;
    this.lane = lane;
    this.frame = frame;
    this.source = source;
    this.task = task;
  }
}
