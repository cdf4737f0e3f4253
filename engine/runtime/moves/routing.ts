import type { LinkWriter } from '../../../transport/link.ts';
import type { Clock } from '../../base/clock.ts';
import { type EngineError, OverloadedError, UnavailableError, withoutTrace } from '../../base/errors.ts';
import { nameOf, timeoutOf } from '../call-errors.ts';
import type { Catalogue, Operation } from '../catalogue.ts';
import type { Counters } from '../counters.ts';
import { DeadLetters } from '../dead-letters.ts';
import { KIND_REQUEST, kindOf, operationOf, requestIdOf } from '../frame.ts';
import type { RootLog } from '../log.ts';
import type { Outbox } from '../outbox.ts';
import type { PendingCalls } from '../pending-calls.ts';
import type { Router } from '../router.ts';
import type { ClusterPorts } from './cluster-ports.ts';
import { Parking } from './parking.ts';
import { SlotRoutes } from './slot-routes.ts';

export interface RoutingParts {
  readonly index: number;
  readonly cluster: ClusterPorts;
  readonly router: Router;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly log: RootLog;
  readonly writers: readonly (LinkWriter | undefined)[];
  readonly outbox: Outbox;
  readonly pending: PendingCalls<Operation, unknown>;
  readonly counters: Counters;
  readonly schedule: () => void;
}

/** How messages of a node of a cluster find their way, and how those end that do not. */
export interface Routing {
  readonly routes: SlotRoutes;
  readonly parking: Parking;
  /** What a call ends in whose deadline has passed: it may have been executed, or waited here for an owner of its slot. */
  readonly lateOf: (operation: Operation, target: number) => EngineError;
}

export function makeRouting(parts: RoutingParts): Routing {
  const { cluster, catalogue, clock, pending, outbox, counters, log, router, schedule } = parts;
  const now = (): number => clock.now();
  const letters = new DeadLetters({
    get now() {
      return clock.now();
    },
    counters,
    log,
  });
  const deadLetter = (code: number, error: EngineError): void => {
    const operation = catalogue.operations[code];
    letters.add(operation === undefined ? 'an engine operation' : nameOf(operation), error);
  };
  const parking = new Parking({
    pending,
    now,
    frameBytesMax: parts.writers[parts.index]!.frameBytesMax,
    givenUp: (code, slot) => deadLetter(code, nobodyTook(slot)),
  });
  const lost = (view: DataView): void => {
    if (kindOf(view, 0) === KIND_REQUEST) pending.giveUp(requestIdOf(view, 0), noRoom());
    else deadLetter(operationOf(view, 0), noRoom());
  };
  const { peers, slots } = cluster;
  const routes = new SlotRoutes({
    router,
    peers,
    slots: slots.count,
    outbox,
    pending,
    parking,
    counters,
    lost,
    wake: schedule,
    now,
  });
  const lateOf = (operation: Operation, target: number): EngineError =>
    target === peers.max ? noOwner(operation) : timeoutOf(operation);
  return { routes, parking, lateOf };
}

const noOwner = (operation: Operation): EngineError => {
  const what = `${nameOf(operation)}: no node had the entity before the deadline of the call, which was not executed.`;
  return withoutTrace(() => new UnavailableError('no-owner', what));
};

const nobodyTook = (slot: number): EngineError =>
  new UnavailableError('no-owner', `Slot ${slot} has had no owner for too long.`);

const noRoom = (): EngineError =>
  new OverloadedError('link-full', 'Too many messages wait for the next owners of their slots already.');
