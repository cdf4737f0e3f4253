import type { EntityId } from '../base/entity-id.ts';
import type { Operation } from './catalogue.ts';

/** Who made a call: what its log line says when nobody awaited it. */
export interface CallSource {
  readonly sourceId: EntityId;
  /** Name of the entity type, or who else it is. */
  readonly sourceName: string;
}

/** Which call an error is from, for as long as the error lives. Costs something only when calls fail. */
export class CallFailures {
  private readonly calls = new WeakMap<object, { operation: Operation; source: CallSource }>();

  note(error: unknown, operation: Operation, source: CallSource): void {
    if (typeof error === 'object' && error !== null) this.calls.set(error, { operation, source });
  }

  /** What is known of the call that failed with this error, as fields of a log line. */
  fieldsOf(error: unknown): { operation?: string; entity?: string; id?: string } {
    const call = typeof error === 'object' && error !== null ? this.calls.get(error) : undefined;
    if (call === undefined) return {};
    const { operation, source } = call;
    return {
      operation: `${operation.contract.name}.${operation.name}`,
      entity: source.sourceName,
      id: String(source.sourceId),
    };
  }
}
