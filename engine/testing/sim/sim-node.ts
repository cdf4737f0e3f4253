import type { Prng } from '../../base/prng.ts';
import { type Assignment, type NodeRef, sameNode } from '../../cluster/control-record.ts';
import type { Instant } from '../../cluster/instant.ts';
import type { RequestRouter, RouterEffect } from '../../cluster/request-router.ts';
import type { SlotGate, Source } from '../../cluster/slot-gate.ts';
import { isPersistent, type SimEntity } from './sim-entity.ts';
import type { SimCall, SimFrame, SimPulse } from './sim-frame.ts';
import { SimThread } from './sim-thread.ts';
import type { SimWorld } from './sim-world.ts';

/** What a node has of its host. */
export interface NodePorts {
  readonly now: () => Instant;
  /** The lease in shared memory. */
  readonly isOpen: () => boolean;
  /** False when the session is full. */
  readonly send: (frame: SimFrame, owed: boolean) => boolean;
  readonly pulse: (pulse: SimPulse) => void;
  /** Nothing that this slot sent is unacknowledged. */
  readonly isSettled: (slot: number) => boolean;
  readonly frozen: (slot: number, move: number) => void;
  /** A slice began or ended. */
  readonly busy: () => void;
}

/** A node of a simulated host: routes requests, runs entities, lets effects out at the end of a slice. */
export class SimNode {
  readonly ref: NodeRef;
  readonly thread: SimThread;
  readonly gate: SlotGate;
  readonly router: RequestRouter<SimCall>;
  private readonly world: SimWorld;
  private readonly random: Prng;
  private readonly ports: NodePorts;
  private readonly entities = new Map<number, SimEntity>();
  private assignment: Assignment | undefined;
  private turns = 0;
  private requests = 0;
  /** Frames that wait because the lease is not open. */
  private held: SimFrame[] = [];

  constructor(ref: NodeRef, world: SimWorld, random: Prng, ports: NodePorts) {
    this.ref = ref;
    this.world = world;
    this.random = random;
    this.ports = ports;
    this.gate = world.parts.gate(ref);
    this.router = world.parts.router();
    this.thread = new SimThread(world.time, ports.busy, ports.busy);
  }

  /** Shared memory: seen by the thread at its next look, so at once. */
  install(assignment: Assignment): void {
    this.assignment = assignment;
    this.gate.install(assignment);
    for (const [id, entity] of this.entities) {
      if (assignment.slots[entity.slot]!.epoch !== entity.epoch) this.entities.delete(id);
    }
    this.thread.post(() => this.route((out) => this.router.install(assignment, this.ports.now().mono, out)));
  }

  open(slot: number, epoch: number): void {
    const start = (): void => {
      this.gate.open(slot, epoch);
      this.pulseLater(slot, epoch);
    };
    if (this.world.parts.claims) {
      this.world.entityStore.claim(slot, epoch, (ok) => {
        this.thread.post(() => {
          if (ok && this.assignment!.slots[slot]!.epoch === epoch) start();
        });
      });
    } else this.thread.post(start);
  }

  freeze(slot: number, move: number): void {
    const busy = [...this.entities.values()].some(
      (entity) => entity.slot === slot && (entity.openTurns > 0 || entity.waiting !== undefined || entity.saving > 0),
    );
    const row = this.assignment!.slots[slot]!;
    if (row.wish?.move !== move) return;
    if (this.gate.epochOf(slot) !== 0 && (busy || this.world.isOccupied(slot))) {
      this.world.time.after(20, () => this.thread.post(() => this.freeze(slot, move)));
      return;
    }
    this.gate.freeze(slot);
    for (const [id, entity] of this.entities) if (entity.slot === slot) this.entities.delete(id);
    if (!this.ports.isSettled(slot)) {
      this.world.time.after(5, () => this.thread.post(() => this.freeze(slot, move)));
      return;
    }
    this.ports.frozen(slot, move);
    if (this.world.parts.unfreezesByTimer) this.world.time.after(30, () => this.gate.unfreeze(slot));
  }

  /** From outside of the cluster, or an entity. */
  call(entity: number, source: Source, caller: string, next: number, timeoutMs: number, prefix = ''): void {
    const { world } = this;
    const id = ++this.requests;
    const slot = world.slotOf(entity);
    const deadline = this.ports.now().mono + timeoutMs;
    const name = `${prefix}${this.ref.host}/${this.ref.inc}/${this.ref.node}#${id}`;
    const { host, inc } = this.ref;
    const index = world.nextIndex(caller, entity);
    const target = String(entity);
    const realDeadline = world.time.now + timeoutMs;
    world.record({ kind: 'called', call: name, source: caller, target, index, deadline: realDeadline, host, inc });
    const call: SimCall = { id, slot, deadline, name, entity, source, caller, next };
    this.thread.post(() => this.route((out) => this.router.call(call, this.ports.now().mono, out)));
  }

  tick(): void {
    this.thread.post(() => this.route((out) => this.router.tick(this.ports.now().mono, out)));
  }

  onFrame(frame: SimFrame, handled: () => void): void {
    this.thread.post(() => {
      this.held.push(frame);
      handled();
      this.drain();
    });
  }

  /** The lease is open again. */
  drain(): void {
    while (this.held.length > 0 && this.ports.isOpen() && !this.thread.isBusy) this.handle(this.held.shift()!);
    if (this.held.length > 0 && this.ports.isOpen()) this.thread.post(() => this.drain());
  }

  onPulse(pulse: SimPulse): void {
    this.thread.post(() => {
      if (!this.ports.isOpen()) return;
      if (this.gate.isStale(pulse.source)) {
        this.world.reach('stale source refused');
        return;
      }
      this.accepted(pulse.source, false);
    });
  }

  private handle(frame: SimFrame): void {
    const now = this.ports.now().mono;
    switch (frame.kind) {
      case 'request':
        this.onRequest(frame.call, frame.epoch, frame.from);
        return;
      case 'reply': {
        if (this.gate.isStale(frame.source)) return;
        const call = this.router.reply(frame.id);
        if (call === undefined) return;
        this.accepted(frame.source);
        this.ended(call, frame.ok ? 'ok' : 'error');
        return;
      }
      case 'bounce':
        this.world.reach('bounced');
        this.route((out) => this.router.bounced(frame.id, frame.slot, frame.from, now, out));
        return;
      case 'sync':
        this.gate.sync(frame.slot, frame.from);
        this.ports.send({ kind: 'synced', slot: frame.slot, from: this.ref, to: frame.from }, true);
        return;
      case 'synced':
        this.route((out) => this.router.synced(frame.slot, frame.from, now, out));
    }
  }

  private onRequest(call: SimCall, epoch: number, from: NodeRef): void {
    const verdict = this.gate.admit(call.slot, epoch, call.source);
    if (verdict === 'refuse') {
      this.world.reach('stale source refused');
      return;
    }
    if (verdict === 'bounce') {
      if (this.world.parts.bounces) {
        this.ports.send({ kind: 'bounce', id: call.id, slot: call.slot, from: this.ref, to: from }, true);
        return;
      }
      const row = this.assignment!.slots[call.slot]!;
      if (row.owner === undefined || sameNode(row.owner, this.ref)) return;
      this.ports.send({ kind: 'request', call, epoch: row.epoch, from, to: row.owner }, true);
      return;
    }
    this.accepted(call.source);
    const own: Source = { ...this.ref, slot: call.slot, epoch };
    this.runOn(call, epoch, (ok) => {
      this.ports.send({ kind: 'reply', id: call.id, source: own, ok, from: this.ref, to: from }, true);
      this.produced(call.slot, epoch);
    });
  }

  private runOn(call: SimCall, epoch: number, done: (ok: boolean) => void): void {
    let entity = this.entities.get(call.entity);
    if (entity === undefined) {
      const { slot, entity: id } = call;
      entity = { id, slot, epoch, count: 0, etag: 0, waiting: undefined, openTurns: 0, saving: 0 };
      this.entities.set(id, entity);
      if (isPersistent(id)) this.activate(entity);
    }
    if (entity.waiting !== undefined) entity.waiting.push({ call, done });
    else this.turn(entity, call, done);
  }

  private activate(entity: SimEntity): void {
    entity.waiting = [];
    this.world.entityStore.load(entity.id, (record) => {
      this.thread.post(() => this.loaded(entity, record.count, record.etag));
    });
  }

  private loaded(entity: SimEntity, count: number, etag: number): void {
    if (this.entities.get(entity.id) !== entity || entity.waiting === undefined) return;
    entity.count = count;
    entity.etag = etag;
    this.serve(entity);
  }

  /** One slice at a time: the next waiting call when the thread is free again. */
  private serve(entity: SimEntity): void {
    if (this.entities.get(entity.id) !== entity || entity.waiting === undefined) return;
    const next = entity.waiting.shift();
    if (next === undefined) {
      entity.waiting = undefined;
      return;
    }
    if (this.ports.isOpen()) this.turn(entity, next.call, next.done);
    this.thread.post(() => this.serve(entity));
  }

  /** Only while the lease is open; the slice may outlast it. */
  private turn(entity: SimEntity, call: SimCall, done: (ok: boolean) => void): void {
    const { slot, epoch } = entity;
    const { host, inc, node } = this.ref;
    const turn = ++this.turns;
    const { mono, wall } = this.ports.now();
    entity.openTurns++;
    this.world.record({ kind: 'turn-start', host, inc, node, slot, epoch, turn, mono, wall });
    this.world.record({ kind: 'executed', call: call.name, host, inc });
    this.thread.slice(this.world.sliceMs(), () => {
      this.world.record({ kind: 'turn-end', host, inc, node, slot, epoch, turn });
      entity.openTurns--;
      if (this.world.parts.outputGate && !this.ports.isOpen()) {
        this.world.reach('straddler discarded');
        return;
      }
      entity.count++;
      if (call.next >= 0) {
        const source: Source = { ...this.ref, slot, epoch };
        this.produced(slot, epoch);
        this.call(call.next, source, `entity ${entity.id}`, -1, 1000);
      }
      if (!isPersistent(entity.id)) done(true);
      else this.save(entity, done);
      this.drain();
    });
  }

  private save(entity: SimEntity, done: (ok: boolean) => void): void {
    const { slot, epoch, id, count, etag } = entity;
    this.produced(slot, epoch);
    // The next save follows on this one, so its etag is counted on.
    entity.etag++;
    entity.saving++;
    const accepted = (): void => {
      const { host, inc } = this.ref;
      this.world.record({ kind: 'accepted', host, inc, sink: 'store', reliable: true, slot, epoch });
    };
    this.world.entityStore.save(slot, epoch, id, { count, etag }, accepted, (saved) => {
      this.thread.post(() => {
        entity.saving--;
        if (saved === undefined) {
          if (this.entities.get(id) === entity) this.entities.delete(id);
          return;
        }
        // A continuation is a slice like any other: nothing of it leaves behind a closed gate.
        if (this.world.parts.outputGate && !this.ports.isOpen()) return;
        if (this.assignment!.slots[slot]!.epoch !== epoch) return;
        done(true);
      });
    });
  }

  /** The entity's own timer: a turn that pushes to somebody. */
  private pulseLater(slot: number, epoch: number): void {
    this.world.time.after(60 + this.random.next() * 60, () => {
      this.thread.post(() => {
        const runs = this.gate.epochOf(slot) === epoch;
        if (this.assignment!.slots[slot]!.epoch !== epoch) return;
        this.pulseLater(slot, epoch);
        if (!runs || !this.ports.isOpen() || this.world.quiet) return;
        const turn = ++this.turns;
        const { host, inc, node } = this.ref;
        const { mono, wall } = this.ports.now();
        this.world.record({ kind: 'turn-start', host, inc, node, slot, epoch, turn, mono, wall });
        this.thread.slice(this.world.sliceMs(), () => {
          this.world.record({ kind: 'turn-end', host, inc, node, slot, epoch, turn });
          if (this.world.parts.outputGate && !this.ports.isOpen()) {
            this.world.reach('straddler discarded');
            return;
          }
          this.produced(slot, epoch);
          this.ports.pulse({ source: { ...this.ref, slot, epoch }, id: this.turns });
          this.drain();
        });
      });
    });
  }

  private route(step: (out: RouterEffect<SimCall>[]) => void): void {
    const out: RouterEffect<SimCall>[] = [];
    step(out);
    for (const effect of out) {
      if (effect.kind === 'failed') {
        const { outcome, cause } = effect.failure;
        this.ended(effect.request, `${outcome}:${cause}`);
      } else if (effect.kind === 'sync') {
        this.ports.send({ kind: 'sync', slot: effect.slot, from: this.ref, to: effect.to }, true);
      } else {
        const { request: call, epoch, to } = effect;
        if (!this.ports.send({ kind: 'request', call, epoch, from: this.ref, to }, false)) {
          this.route((more) => this.router.refused(call.id, more));
        }
      }
    }
  }

  private ended(call: SimCall, outcome: string): void {
    this.world.record({ kind: 'ended', call: call.name, outcome });
  }

  private accepted({ slot, epoch }: Source, reliable = true): void {
    if (slot < 0) return;
    const { host, inc } = this.ref;
    this.world.record({ kind: 'accepted', host, inc, sink: 'node', reliable, slot, epoch });
  }

  private produced(slot: number, epoch: number): void {
    const { host, inc } = this.ref;
    this.world.record({ kind: 'produced', host, inc, slot, epoch, ...this.ports.now() });
  }
}
