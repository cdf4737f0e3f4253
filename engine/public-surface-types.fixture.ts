/** What the compiler is asked about the public surface; nothing here runs except what `public-surface.test.ts` takes from it. */
import * as own from './index.ts';
import type * as spec from './public-surface.fixture.ts';

/** Only for the compiler: an `Actual` does wherever an `Expected` is asked for. */
type Fits<Expected, Actual extends Expected> = [Expected, Actual];

/** What games and clients receive: ours does for what is promised. */
export type Given = [
  Fits<spec.Call, own.Call>,
  Fits<spec.Contract<object>, own.Contract<object>>,
  Fits<spec.EntityType, own.EntityType>,
  Fits<spec.Game, own.Game>,
  Fits<spec.Host, own.Host>,
  Fits<spec.Location, own.Location>,
  Fits<spec.Log, own.Log>,
  Fits<spec.NodeRef, own.NodeRef>,
  Fits<spec.Principal, own.Principal>,
  Fits<spec.StoredRecord, own.StoredRecord>,
  Fits<spec.Tasks<spec.NodeEntity>, own.Tasks<spec.NodeEntity>>,
  Fits<spec.OneWayAsPromised<Chat>, own.OneWay<Chat>>,
  Fits<own.OneWay<Chat>, spec.OneWayAsPromised<Chat>>,
  Fits<spec.NodeEntity<{ hp: number }>, own.NodeEntity<{ hp: number }>>,
];

/** What games and operators hand in: what is promised does for ours. */
export type Taken = [
  Fits<own.Access, spec.Access>,
  Fits<own.CallOptions, spec.CallOptions>,
  Fits<own.Duration, spec.Duration>,
  Fits<own.EntityId, spec.EntityId>,
  Fits<own.EntityOptions, spec.EntityOptions>,
  Fits<own.EntityStore, spec.EntityStore>,
  Fits<own.Game, spec.Game>,
  Fits<own.HostOptions, spec.HostOptions>,
  Fits<own.Lock, spec.Lock>,
  Fits<own.OperationOptions, spec.OperationOptions>,
  Fits<own.Principal, spec.Principal>,
  Fits<own.Priority, spec.Priority>,
  Fits<own.Reliability, spec.Reliability>,
  Fits<own.TaskOptions, spec.TaskOptions>,
];

/** Wire types are what they are called, and take plain numbers. */
export type Wire = [
  Fits<spec.int8, own.int8>,
  Fits<spec.int16, own.int16>,
  Fits<spec.int32, own.int32>,
  Fits<spec.uint8, own.uint8>,
  Fits<spec.uint16, own.uint16>,
  Fits<spec.uint32, own.uint32>,
  Fits<spec.float32, own.float32>,
  Fits<spec.int64, own.int64>,
  Fits<spec.uint64, own.uint64>,
  Fits<own.int32, number>,
  Fits<own.uint64, bigint>,
  Fits<number, own.float32>,
];

export type Errors = [
  Fits<spec.EngineError, own.EngineError>,
  Fits<spec.CallTimeoutError, own.CallTimeoutError>,
  Fits<spec.EntityNotFoundError, own.EntityNotFoundError>,
  Fits<spec.EntityExistsError, own.EntityExistsError>,
  Fits<spec.OverloadedError, own.OverloadedError>,
  Fits<spec.NodeDownError, own.NodeDownError>,
  Fits<spec.DeadlockError, own.DeadlockError>,
  Fits<spec.UnavailableError, own.UnavailableError>,
  Fits<spec.MoveAbortedError, own.MoveAbortedError>,
  Fits<spec.FencedError, own.FencedError>,
  Fits<spec.ContractMismatchError, own.ContractMismatchError>,
  Fits<spec.ForbiddenError, own.ForbiddenError>,
  Fits<spec.InvalidMessageError, own.InvalidMessageError>,
  Fits<spec.StoreError, own.StoreError>,
  Fits<spec.GameError<string>, own.GameError<string>>,
  Fits<spec.RemoteError, own.RemoteError>,
  Fits<new (code: string, data?: number) => spec.GameError<number>, typeof own.GameError<number>>,
];

export type Functions = [
  Fits<typeof spec.contract<Chat>, typeof own.contract<Chat>>,
  Fits<typeof spec.defineGame, typeof own.defineGame>,
  Fits<typeof spec.startHost, typeof own.startHost>,
];

export interface Chat {
  say(text: string): void;
  count(upTo: own.int32): Promise<own.int32>;
  settle(): Promise<void>;
}
export const Chat = own.contract<Chat>('Chat', { say: {}, count: { priority: 'high' }, settle: { lock: 'entity' } });

export class ChatEntity extends own.NodeEntity<{ lines: string[] }> implements Chat {
  override initialState(): { lines: string[] } {
    return { lines: [] };
  }
  say(text: string): void {
    this.state.lines.push(text);
  }
  async count(upTo: own.int32): Promise<own.int32> {
    await this.tasks.every('tick', '1s', 'settle');
    return Math.min(this.state.lines.length, upTo);
  }
  async settle(): Promise<void> {}
  readonly lines = 3;
  wrongTask(): void {
    // @ts-expect-error: a field is no method, in the class itself either
    void this.tasks.cron('tick', '@daily', 'lines');
    void this.tasks.cron('tick', '@daily', 'wrongTask');
  }
}

export class Silent extends own.NodeEntity {}

/** Programs that the compiler must refuse. Never run. */
export function refused(entity: ChatEntity): void {
  // @ts-expect-error: a method is missing in the table
  own.contract<Chat>('Chat', { say: {}, count: {} });
  // @ts-expect-error: a method is unknown
  own.contract<Chat>('Chat', { say: {}, count: {}, settle: {}, shout: {} });
  // @ts-expect-error: operations return void or a promise
  own.contract<{ sum(a: number): number }>('Sum', { sum: {} });
  // @ts-expect-error: the class does not implement the contract
  own.entity(Chat, Silent);
  // @ts-expect-error: there is no such method
  void entity.tasks.every('tick', '1s', 'whisper');
  // @ts-expect-error: a field is no method
  void entity.tasks.every('tick', '1s', 'lines');
  // @ts-expect-error: a proxy has the contract's operations only
  void entity.node.getProxy(Chat, 1).initialState();
  // @ts-expect-error: a group has only the void operations
  void entity.node.group(Chat, 'all').proxy.count(1);
  // @ts-expect-error: a game needs entities
  own.defineGame({ name: 'empty' });
}
