export type ClientEvent = 'open' | 'lost' | 'resumed' | 'resync' | 'closed';
export type Listener = (detail?: unknown) => void;

const EVENTS: readonly string[] = ['open', 'lost', 'resumed', 'resync', 'closed'] satisfies ClientEvent[];

/** Who wants to know what happens to the connection. */
export class Listeners {
  private readonly byEvent = new Map<ClientEvent, Set<Listener>>();

  /** Returns how to stop listening. */
  add(event: ClientEvent, listener: Listener): () => void {
    if (!EVENTS.includes(event))
      throw new TypeError(`'${String(event)}' is not an event; there are ${EVENTS.join(', ')}.`);
    // Wrapped, so that one function can listen twice.
    const entry: Listener = (detail) => listener(detail);
    const entries = this.byEvent.get(event) ?? new Set();
    this.byEvent.set(event, entries.add(entry));
    return () => void entries.delete(entry);
  }

  emit(event: ClientEvent, detail?: unknown): void {
    for (const listener of [...(this.byEvent.get(event) ?? [])]) {
      try {
        listener(detail);
      } catch (error) {
        console.error(`A listener for '${event}' failed:`, error);
      }
    }
  }
}
