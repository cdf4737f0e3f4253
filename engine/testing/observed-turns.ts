import type { EntityId } from '../base/entity-id.ts';
import { NodeEntity } from '../runtime/entity.ts';
import type { EntityDefinition, Game } from '../runtime/game.ts';
import { isThenable } from '../runtime/thenable.ts';

/** One run of a method of an entity. */
export interface TurnRecord {
  readonly args: readonly unknown[];
  /** What it returned, or what its promise became. */
  readonly result?: unknown;
  /** What it threw instead. */
  readonly error?: unknown;
}

type Heard = (turn: TurnRecord) => void;

/** Who waits for what entities do. Classes of the game are extended, in this cluster only, so that nothing of it exists elsewhere. */
export class ObservedTurns {
  private readonly waiting = new Map<string, Heard[]>();

  /** The same game, with classes that tell of every run of their methods. */
  observe(game: Game): Game {
    const entities = (game.entities as readonly EntityDefinition[]).map((definition) => ({
      ...definition,
      cls: this.observed(definition.cls, definition.contracts[0]!.name),
    }));
    return { ...game, entities };
  }

  /** Has the class of this entity type a method of that name? */
  static has(cls: new () => NodeEntity<any>, method: string): boolean {
    return typeof (cls.prototype as Record<string, unknown>)[method] === 'function';
  }

  /** `heard` gets the next run that begins from now on, when it has ended. `type` is the name of the entity's first contract. Returns how to stop. */
  next(type: string, id: EntityId, method: string, heard: Heard): () => void {
    const key = keyOf(type, id, method);
    const list = this.waiting.get(key) ?? [];
    list.push(heard);
    this.waiting.set(key, list);
    return () => {
      const rest = (this.waiting.get(key) ?? []).filter((one) => one !== heard);
      if (rest.length > 0) this.waiting.set(key, rest);
      else this.waiting.delete(key);
    };
  }

  private take(type: string, id: EntityId, method: string): Heard[] | undefined {
    if (this.waiting.size === 0) return undefined;
    const key = keyOf(type, id, method);
    const list = this.waiting.get(key);
    this.waiting.delete(key);
    return list;
  }

  private observed(cls: EntityDefinition['cls'], type: string): EntityDefinition['cls'] {
    const extended = class extends cls {};
    Object.defineProperty(extended, 'name', { value: cls.name });
    for (const method of methodsOf(cls)) {
      const original = (cls.prototype as unknown as Record<string, (...args: unknown[]) => unknown>)[method]!;
      const observing = (entity: NodeEntity<any>, args: unknown[]): unknown => {
        const heard = this.take(type, entity.id, method);
        return heard === undefined
          ? original.apply(entity, args)
          : report(heard, args, () => original.apply(entity, args));
      };
      Object.defineProperty(extended.prototype, method, {
        value(this: NodeEntity<any>, ...args: unknown[]) {
          return observing(this, args);
        },
        writable: true,
        configurable: true,
      });
    }
    return extended;
  }
}

function report(heard: readonly Heard[], args: readonly unknown[], run: () => unknown): unknown {
  const tell = (outcome: Omit<TurnRecord, 'args'>): void => {
    for (const one of heard) one({ args, ...outcome });
  };
  try {
    const result = run();
    if (isThenable(result)) {
      Promise.resolve(result).then(
        (value) => tell({ result: value }),
        (error: unknown) => tell({ error }),
      );
    } else tell({ result });
    return result;
  } catch (error) {
    tell({ error });
    throw error;
  }
}

/** Methods of the class and of what it extends, up to the engine's own. */
function methodsOf(cls: EntityDefinition['cls']): Set<string> {
  const methods = new Set<string>();
  for (
    let prototype: object | null = cls.prototype;
    prototype !== null && prototype !== NodeEntity.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (name !== 'constructor' && typeof value === 'function') methods.add(name);
    }
  }
  return methods;
}

/** 7, 7n and '7' are three entities. */
const keyOf = (type: string, id: EntityId, method: string): string => `${type} ${typeof id} ${id} ${method}`;
