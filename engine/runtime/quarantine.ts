import type { EntityId } from '../base/entity-id.ts';
import type { Catalogue } from './catalogue.ts';
import { LOCKED_TASK, TASK } from './engine-operations.ts';

/** An entity, or one of its operations, that does not run any more. */
export interface Quarantined {
  /** The entity type. */
  readonly type: string;
  readonly id: EntityId;
  /** `Contract.operation`, or `task` for those that are no operation; undefined: the whole entity, its tasks and activation too. */
  readonly operation?: string;
}

/** Operation codes that are refused; undefined: all. */
type Codes = Set<number> | undefined;

/** What this node must not run. Empty nearly always, so whoever asks looks at `size` first. */
export class Quarantine {
  size = 0;
  private readonly catalogue: Catalogue;
  /** By index of the type and id. */
  private readonly entities = new Map<number, Map<EntityId, Codes>>();

  constructor(catalogue: Catalogue) {
    this.catalogue = catalogue;
  }

  /** Takes the place of all that was quarantined. What this game does not have is left out. */
  replace(all: readonly Quarantined[]): void {
    this.entities.clear();
    this.size = 0;
    for (const { type: name, id, operation } of all) {
      const type = this.catalogue.entityTypes.find((one) => one.name === name);
      if (type === undefined) continue;
      let ids = this.entities.get(type.index);
      if (ids === undefined) {
        ids = new Map();
        this.entities.set(type.index, ids);
      }
      const present = ids.has(id);
      const codes = ids.get(id);
      this.size++;
      if (operation === undefined) ids.set(id, undefined);
      else if (!present || codes !== undefined) ids.set(id, new Set([...(codes ?? []), ...this.codesOf(operation)]));
    }
  }

  refuses(type: number, id: EntityId, code: number): boolean {
    const ids = this.entities.get(type);
    if (ids === undefined || !ids.has(id)) return false;
    const codes = ids.get(id);
    return codes === undefined || codes.has(code);
  }

  /** The entity as a whole. */
  refusesAll(type: number, id: EntityId): boolean {
    const ids = this.entities.get(type);
    return ids?.has(id) === true && ids.get(id) === undefined;
  }

  private codesOf(operation: string): number[] {
    if (operation === 'task') return [TASK.code, LOCKED_TASK.code];
    const one = this.catalogue.operations.find((other) => `${other?.contract.name}.${other?.name}` === operation);
    return one === undefined ? [] : [one.code];
  }
}
