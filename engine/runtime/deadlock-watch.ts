import { DeadlockError } from '../base/errors.ts';
import type { Activation } from './activation.ts';
import { type Hop, type Member, type Note, type Probe, packNotes, unpackNotes } from './deadlock-notes.ts';
import { CREATE, DESTROY } from './engine-operations.ts';
import type { NodeState } from './node-state.ts';
import { Timer } from './timing-wheel.ts';
import type { Turn } from './turn.ts';
import type { TurnLedger } from './turn-ledger.ts';
import { turnsBefore } from './wait-graph.ts';
import { Waiting } from './waiting.ts';

/** So long something waits before it is asked why, and between two looks. */
export const LOOK_MS = 5;
/** It is asked again after twice the time, up to this. */
const AGAIN_MS_MAX = 250;
/** Between the look that found a cycle and the one that makes sure. */
const CERTAIN_MS = 5;
/** A cycle that was found and not confirmed is forgotten. */
const SUSPECT_MS = 250;
/** Looking takes one part in so many of the thread at most, but for a burst of so many milliseconds of rest not had. */
const SHARE = 20;
const BURST_MS = 20;
/** One look is that long at most; the clock may say more, when another process has the core. */
const COST_MS_MAX = 1;
/** Longer cycles are not found, and end at a deadline. */
const HOPS_MAX = 256;
/** So many that wait are asked in one look however long that takes, or it would not get around. */
const PROBES_MIN = 64;
/** Turns that are gone through in one look; what is left over is come back to. */
const VISITS_MAX = 1024;
/** Numbers in one message between nodes, about. */
const MESSAGE_HOPS_MAX = 4096;
/** Notes that wait to be read; more are dropped. */
const INBOX_MAX = 65_536;
/** Members of a cycle that the message of an error names. */
const NAMED_MAX = 16;
const SCANS_MAX = 4;

/** What the watch asks of the waiting room. */
export interface WaitingLine {
  readonly ledger: TurnLedger | undefined;
  readonly waiting: Map<Waiting, Activation> | undefined;
  /** Its deadline has passed. */
  giveUp(activation: Activation, waiting: Waiting): void;
  refuseWaiting(activation: Activation, waiting: Waiting, error: DeadlockError): void;
}

/** Sends notes to another node. */
export type Tell = (node: number, notes: unknown[]) => void;

/**
 * Finds deadlocks among the nodes of all hosts, only in games with locks and only while something waits.
 *
 * The graph: a call that waits → the turns it waits for (`turnsBefore`) → the calls these have made and not got an answer to → what
 * those wait for, on whatever node. Everybody waits for all of these, so a cycle is a deadlock, and whoever waits in it waits until one is
 * refused or gives up.
 *
 * First pass: from a call that has waited for a while, every edge is followed, each turn once a probe, from node to node, until the
 * probe gets back to the call that it began with. That takes time, and edges that it saw first may be gone when it sees the last.
 *
 * Second pass, started after the first has ended: the edges of that one cycle again. Request ids, turn numbers and incarnations name one
 * call and one turn, and neither waits twice: an edge that was there in both passes was there all the time between them. So when the
 * second pass finds them all, all existed at once at the moment when the first pass ended: the cycle is no phantom. Turns that are
 * only about to end (a timer, some I/O) have some milliseconds to do so in between.
 *
 * Whoever finds a cycle agrees with all others on whom to refuse, the call with the smallest number, and that call's node runs
 * the second pass. So one call of a cycle is refused, however many probes find it.
 */
export class DeadlockWatch extends Timer {
  private readonly state: NodeState;
  private readonly line: WaitingLine;
  private readonly tell: Tell;
  private inbox: Note[] = [];
  private outbox = new Map<number, Note[]>();
  /** Cycles of this node's to be looked at again, in the order of time. */
  private readonly suspects: { path: Hop[]; at: number }[] = [];
  /** Turns that a probe has been to, and those of the time before: a probe is over long before it is forgotten. */
  private visited = new Map<string, Set<number>>();
  private visitedBefore = new Map<string, Set<number>>();
  private forgetAt = 0;
  /** The time that has been taken, with the rest that it is to be followed by. */
  private restedAt = 0;
  private visits = 0;
  private scans = 0;
  private index: Map<number, (Turn | Waiting)[]> | undefined = undefined;

  constructor(state: NodeState, line: WaitingLine, tell: Tell) {
    super();
    this.state = state;
    this.line = line;
    this.tell = tell;
  }

  /** Something waits. */
  noticed(waiting: Waiting): void {
    waiting.probeAt = waiting.since + LOOK_MS;
    if (!this.scheduled) this.schedule(waiting.probeAt);
  }

  /** From another node. Throws InvalidMessageError. */
  receive(packed: unknown): void {
    for (const note of unpackNotes(packed)) {
      // Whoever waits asks again.
      if (this.inbox.length < INBOX_MAX) this.inbox.push(note);
    }
    const { now } = this.state;
    if (this.restedAt <= now + BURST_MS) this.work(now, false);
    else this.schedule(now);
  }

  stop(): void {
    this.state.wheel.remove(this);
  }

  fire(now: number): void {
    this.work(now, true);
    if (this.suspects.length > 0) this.schedule(this.suspects[0]!.at);
    if (this.line.waiting!.size > 0) this.schedule(now + LOOK_MS);
  }

  private work(now: number, looks: boolean): void {
    const { clock } = this.state;
    const began = clock.now();
    this.index = undefined;
    this.scans = 0;
    this.visits = 0;
    this.forget(now);
    this.readInbox(now);
    while (this.suspects.length > 0 && this.suspects[0]!.at <= now) this.check(this.suspects.shift()!.path, 0, []);
    if (looks) this.lookAtWaiting(now);
    this.readInbox(now);
    this.send();
    const end = clock.now();
    this.restedAt = Math.max(this.restedAt, now) + Math.min(end - began, COST_MS_MAX) * SHARE;
    if (this.suspects.length > 0) this.schedule(this.suspects[0]!.at);
  }

  /** Notes to itself come up at the end of it. */
  private readInbox(now: number): void {
    for (let i = 0; i < this.inbox.length; i++) this.handle(this.inbox[i]!, now);
    this.inbox = [];
  }

  private schedule(at: number): void {
    const due = Math.max(at, this.restedAt - BURST_MS);
    if (!this.scheduled || due < this.due) this.state.wheel.add(this, due);
  }

  private lookAtWaiting(now: number): void {
    const { clock } = this.state;
    const until = clock.now() + COST_MS_MAX;
    let probes = 0;
    const all = this.line.waiting!;
    for (const [waiting, activation] of all) {
      if (waiting.deadline < now) this.line.giveUp(activation, waiting);
      else if (waiting.probeAt <= now) {
        if (this.visits > VISITS_MAX || (probes >= PROBES_MIN && clock.now() > until)) return;
        // Behind all that were not looked at for longer: there may be more than can be asked again in time.
        all.delete(waiting);
        all.set(waiting, activation);
        probes++;
        waiting.probes++;
        waiting.probeAt = now + Math.min(AGAIN_MS_MAX, LOOK_MS * 2 ** Math.min(waiting.probes, 8));
        // Whoever waits for a call of a turn is in the chain of that call.
        if (waiting.chain.length > 0 || waiting.operation === DESTROY || waiting.operation === CREATE)
          this.probe(waiting);
      }
    }
  }

  private probe(waiting: Waiting): void {
    if (waiting.requestId === 0) return;
    const probe: Probe = {
      kind: 'probe',
      caller: waiting.callerIncarnation,
      request: waiting.requestId,
      nth: waiting.probes,
      path: [],
      from: waiting.callerIncarnation,
      call: waiting.requestId,
    };
    this.followFrom(probe, waiting);
  }

  private handle(note: Note, now: number): void {
    switch (note.kind) {
      case 'probe':
        this.follow(note);
        return;
      case 'cycle': {
        if (note.hop !== 0) {
          this.postNext(note.path, note.hop, (hop) => ({ ...note, hop }));
          return;
        }
        const found = this.find(note.path[0]!.caller, note.path[0]!.request);
        if (found === undefined || isTurn(found) || found.suspectUntil > now) return;
        found.suspectUntil = now + SUSPECT_MS;
        this.suspects.push({ path: note.path, at: now + CERTAIN_MS });
        return;
      }
      case 'check':
        this.check(note.path, note.hop, note.members);
        return;
      case 'refuse':
        this.refuse(note.path[0]!, note.members);
        return;
    }
  }

  // ---- the first pass

  private follow(probe: Probe): void {
    // When there is none, it is on its way or has ended: nobody waits for a lock here.
    const found = this.find(probe.from, probe.call);
    if (found !== undefined && probe.path.length < HOPS_MAX) this.followFrom(probe, found);
  }

  private followFrom(probe: Probe, found: Turn | Waiting): void {
    const key = `${probe.caller}:${probe.request}:${probe.nth}`;
    let visited = this.visited.get(key) ?? this.visitedBefore.get(key);
    if (visited === undefined) {
      visited = new Set();
      this.visited.set(key, visited);
    }
    if (isTurn(found)) this.leave(probe, visited, found, false);
    else {
      for (const turn of this.before(found)) this.leave(probe, visited, turn, true);
    }
  }

  /** Goes on along the calls of a turn. */
  private leave(probe: Probe, visited: Set<number>, { lineage }: { lineage: Turn['lineage'] }, waits: boolean): void {
    const { incarnation, pending } = this.state;
    const turn = lineage!.number;
    if (visited.has(turn)) return;
    visited.add(turn);
    if (++this.visits > VISITS_MAX) return;
    pending.byTurn!.visit(lineage!, (call) => {
      const hop: Hop = { caller: probe.from, request: probe.call, waits, turn, call };
      const path = [...probe.path, hop];
      if (call === probe.request && incarnation === probe.caller) this.found(path);
      else this.post(pending.targetOf(call)!, { ...probe, path, from: incarnation, call });
    });
  }

  /** The path, whose last hop is here, is a cycle. The one to be refused comes first. */
  private found(path: Hop[]): void {
    let first = -1;
    path.forEach((hop, i) => {
      if (hop.waits && (first < 0 || isSmaller(hop, path[first]!))) first = i;
    });
    if (first < 0) return;
    const rotated = [...path.slice(first), ...path.slice(0, first)];
    this.postNext(rotated, path.length - 1 - first, (hop) => ({ kind: 'cycle', path: rotated, hop }));
  }

  /** The call of a hop that is here leads to the next one's node, wherever that is; unless the call has ended, and the cycle with it. */
  private postNext(path: Hop[], hop: number, note: (next: number) => Note): void {
    const target = this.state.pending.targetOf(path[hop]!.call);
    if (target !== undefined) this.post(target, note((hop + 1) % path.length));
  }

  // ---- the second pass

  private check(path: Hop[], from: number, members: Member[]): void {
    const { index, pending } = this.state;
    const last = path.length - 1;
    for (let hop = from; this.isThere(path[hop]!, members); hop++) {
      if (hop === last || pending.targetOf(path[hop]!.call) !== index) {
        this.postNext(path, hop, (next) =>
          hop === last ? { kind: 'refuse', path, members } : { kind: 'check', path, hop: next, members },
        );
        return;
      }
    }
  }

  private isThere(hop: Hop, members: Member[]): boolean {
    const found = this.find(hop.caller, hop.request);
    if (found === undefined || isTurn(found) === hop.waits) return false;
    let turn: Turn | undefined;
    if (isTurn(found)) turn = found.lineage!.number === hop.turn ? found : undefined;
    else {
      for (const one of this.before(found)) if (one.lineage!.number === hop.turn) turn = one as Turn;
      const activation = this.line.waiting!.get(found)!;
      members.push(memberOf(activation, found));
    }
    if (turn === undefined) return false;
    members.push(memberOf(turn.activation, turn));
    let isWaiting = false;
    this.state.pending.byTurn!.visit(turn.lineage!, (call) => {
      isWaiting ||= call === hop.call;
    });
    return isWaiting;
  }

  private refuse(hop: Hop, members: Member[]): void {
    const found = this.find(hop.caller, hop.request);
    if (found === undefined || isTurn(found)) return;
    this.state.counters.deadlocks++;
    const named = members.slice(0, NAMED_MAX).map((one) => `${one.contract}/${one.id}.${one.operation}`);
    if (members.length > NAMED_MAX) named.push(`${members.length - NAMED_MAX} more`);
    const message = `Deadlock: ${named[0]} waits for ${named.slice(1).join(', which waits for ')}, which waits for the first.`;
    const activation = this.line.waiting!.get(found)!;
    this.line.refuseWaiting(activation, found, new DeadlockError('deadlock', message, { chain: members }));
    // What is looked up after this must not find it.
    this.index = undefined;
  }

  // ---- what both need

  private before(waiting: Waiting): Iterable<{ lineage: Turn['lineage'] }> {
    const activation = this.line.waiting!.get(waiting)!;
    const turns = turnsBefore(activation, waiting, this.state.incarnation);
    this.visits += turns.size;
    return turns;
  }

  /** What has become of a call here: it waits, or it is a turn. */
  private find(caller: number, request: number): Turn | Waiting | undefined {
    const isIt = (one: Turn | Waiting): boolean => one.requestId === request && one.callerIncarnation === caller;
    if (++this.scans <= SCANS_MAX) {
      for (const turn of this.line.ledger!.all) if (isIt(turn)) return turn;
      for (const waiting of this.line.waiting!.keys()) if (isIt(waiting)) return waiting;
      return undefined;
    }
    this.index ??= this.indexed();
    return this.index.get(request)?.find((one) => isIt(one));
  }

  private indexed(): Map<number, (Turn | Waiting)[]> {
    const index = new Map<number, (Turn | Waiting)[]>();
    const add = (one: Turn | Waiting): void => {
      if (one.requestId === 0) return;
      const same = index.get(one.requestId);
      if (same === undefined) index.set(one.requestId, [one]);
      else same.push(one);
    };
    for (const turn of this.line.ledger!.all) add(turn);
    for (const waiting of this.line.waiting!.keys()) add(waiting);
    return index;
  }

  private post(node: number, note: Note): void {
    if (node === this.state.index) {
      // Probes go on at once; the others end or begin something, and come up when those are done.
      if (note.kind === 'probe') this.follow(note);
      else this.inbox.push(note);
      return;
    }
    const notes = this.outbox.get(node);
    if (notes === undefined) this.outbox.set(node, [note]);
    else notes.push(note);
  }

  private send(): void {
    for (const [node, notes] of this.outbox) {
      let batch: Note[] = [];
      let hops = 0;
      for (const note of notes) {
        batch.push(note);
        hops += note.path.length + 1;
        if (hops < MESSAGE_HOPS_MAX) continue;
        this.tell(node, packNotes(batch));
        batch = [];
        hops = 0;
      }
      if (batch.length > 0) this.tell(node, packNotes(batch));
    }
    this.outbox.clear();
  }

  private forget(now: number): void {
    if (now < this.forgetAt) return;
    this.forgetAt = now + 1000;
    this.visitedBefore = this.visited;
    this.visited = new Map();
  }
}

const isTurn = (one: Turn | Waiting): one is Turn => !(one instanceof Waiting);

/** An order that all nodes agree on. */
function isSmaller(a: Hop, b: Hop): boolean {
  return a.caller === b.caller ? a.request < b.request : a.caller < b.caller;
}

function memberOf(activation: Activation, { operation }: Turn | Waiting): Member {
  const isContract = operation.contract.type !== undefined;
  return {
    contract: isContract ? operation.contract.name : activation.type.name,
    id: activation.id,
    operation: operation.name,
  };
}
