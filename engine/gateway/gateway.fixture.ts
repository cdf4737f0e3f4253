/** A gateway on a real port in front of a world that tests write down as functions. */
import type { ExecutionContext } from 'ava';
import { SystemClock } from '../base/clock.ts';
import type { EntityId } from '../base/entity-id.ts';
import { admit } from '../contract/check.ts';
import { contract, type OperationOptions } from '../contract/contract.ts';
import type { OperationModel, WireType } from '../contract/wire-type.ts';
import { Gateway, type GatewayOptions } from './gateway.ts';
import type { Caller, EntityPort, GatewayOperation } from './ports.ts';

export interface Hero {
  move(dx: number, dy: number, label?: string): Promise<number>;
  poke(text: string): void;
  settle(): Promise<void>;
  own(): Promise<string>;
  rule(): Promise<string>;
  secret(): Promise<string>;
  limited(): Promise<number>;
  echo(value: unknown): Promise<unknown>;
  shout(text: string): void;
}
export const HERO_OPTIONS = {
  move: { access: 'client' },
  poke: { access: 'client' },
  settle: { access: 'client' },
  own: { access: 'owner' },
  rule: { access: { role: 'admin' } },
  secret: {},
  limited: { access: 'client', rate: '2/s' },
  echo: { access: 'client' },
  shout: { access: { role: 'admin' }, reliability: 'unreliable' },
} as const satisfies Record<string, OperationOptions>;
export const Hero = contract<Hero>('Hero', HERO_OPTIONS);

export interface HeroView {
  snapshot(view: unknown): void;
  say(text: string): void;
  ask(question: string): Promise<string>;
  done(): Promise<void>;
}
export const HeroView = contract<HeroView>('HeroView', {
  snapshot: { reliability: 'unreliableOrdered' },
  say: {},
  ask: {},
  done: {},
});

const INT32: WireType = { kind: 'int32' };
const STRING: WireType = { kind: 'string' };
const UNKNOWN: WireType = { kind: 'unknown' };

const MODELS: Record<string, OperationModel[]> = {
  Hero: [
    {
      name: 'move',
      parameters: [
        { name: 'dx', type: INT32 },
        { name: 'dy', type: INT32 },
        { name: 'label', type: STRING, optional: true },
      ],
      returns: 'value',
      result: INT32,
    },
    { name: 'poke', parameters: [{ name: 'text', type: STRING }], returns: 'void' },
    { name: 'settle', parameters: [], returns: 'completion' },
    { name: 'own', parameters: [], returns: 'value', result: STRING },
    { name: 'rule', parameters: [], returns: 'value', result: STRING },
    { name: 'secret', parameters: [], returns: 'value', result: STRING },
    { name: 'limited', parameters: [], returns: 'value', result: INT32 },
    { name: 'echo', parameters: [{ name: 'value', type: UNKNOWN }], returns: 'value', result: UNKNOWN },
    { name: 'shout', parameters: [{ name: 'text', type: STRING }], returns: 'void' },
  ],
  HeroView: [
    { name: 'snapshot', parameters: [{ name: 'view', type: UNKNOWN }], returns: 'void' },
    { name: 'say', parameters: [{ name: 'text', type: STRING }], returns: 'void' },
    { name: 'ask', parameters: [{ name: 'question', type: STRING }], returns: 'value', result: STRING },
    { name: 'done', parameters: [], returns: 'completion' },
  ],
};

export const OPERATIONS: readonly GatewayOperation[] = [Hero, HeroView].flatMap((one) =>
  one.operations.map((traits) => ({
    name: traits.name,
    contract: { name: one.name },
    traits,
    model: MODELS[one.name]!.find(({ name }) => name === traits.name)!,
  })),
);

export function operation(contractName: string, name: string): GatewayOperation {
  return OPERATIONS.find((one) => one.name === name && one.contract.name === contractName)!;
}

export interface WorldCall {
  caller: Caller;
  id: EntityId;
  args: unknown[];
  signal: AbortSignal | undefined;
}

/** Operations answer as their function says; every call is remembered in the order of arrival. */
export class FakeWorld implements EntityPort {
  readonly calls: (WorldCall & { operation: string })[] = [];
  readonly answers: Record<string, (call: WorldCall) => unknown> = {
    move: ({ args }) => (args[0] as number) + (args[1] as number),
    own: () => 'mine',
    rule: () => 'ruled',
    secret: () => 'secret',
    limited: () => 1,
    echo: ({ args }) => args[0],
  };

  call(
    caller: Caller,
    contractName: string,
    name: string,
    id: EntityId,
    args: unknown[],
    signal?: AbortSignal,
  ): Promise<unknown> | undefined {
    const call = { caller, id, args, signal };
    this.calls.push({ ...call, operation: name });
    const answer = this.answers[name];
    if (operation(contractName, name).model.returns === 'void') return void answer?.(call);
    return (async () => answer?.(call))();
  }
}

/** Tickets are principals; anything else is refused. */
export function authenticate(ticket: unknown): { id: EntityId; roles?: string[] } {
  const { id, roles } = ticket as { id: EntityId; roles?: string[] };
  if (id === undefined) throw new Error('a bad ticket');
  return roles === undefined ? { id } : { id, roles };
}

export interface LogLine {
  level: string;
  fields: any;
  message: string | undefined;
}

export interface Serving {
  gateway: Gateway;
  world: FakeWorld;
  url: string;
  port: number;
  logged: LogLine[];
}

export async function serving(t: ExecutionContext<any>, options: Partial<GatewayOptions> = {}): Promise<Serving> {
  const world = new FakeWorld();
  const logged: LogLine[] = [];
  const line = (level: string) => (fields: object, message?: string) => void logged.push({ level, fields, message });
  const gateway = new Gateway({
    entities: world,
    contracts: { types: {}, operations: OPERATIONS },
    admit,
    authenticate,
    clock: new SystemClock(),
    log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
    ...options,
  });
  const port = await gateway.listen(0, '127.0.0.1');
  t.teardown(() => gateway.close(0));
  return { gateway, world, url: `ws://127.0.0.1:${port}`, port, logged };
}
