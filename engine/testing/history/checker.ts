import type { HistoryEvent } from './history-event.ts';

export interface Violation {
  /** As `I3`: the invariant of the cluster's protocol. */
  readonly invariant: string;
  readonly message: string;
  readonly at: number;
}

/** Looks at every event once, in order; what it finds it reports. */
export interface Invariant {
  readonly on: (event: HistoryEvent, report: (message: string) => void) => void;
  /** After the last event. */
  readonly end?: (report: (message: string) => void) => void;
}

/** Checks a history while it is made, one event at a time. */
export class Checker {
  readonly violations: Violation[] = [];
  private readonly invariants: readonly { readonly of: Invariant; readonly report: (message: string) => void }[];
  private at = 0;

  constructor(invariants: Readonly<Record<string, Invariant>>) {
    this.invariants = Object.entries(invariants).map(([name, of]) => ({ of, report: this.reporterOf(name) }));
  }

  on(event: HistoryEvent): void {
    this.at = event.at;
    for (const { of, report } of this.invariants) of.on(event, report);
  }

  /** Found by whoever made the history. */
  fail(invariant: string, message: string): void {
    this.reporterOf(invariant)(message);
  }

  end(): readonly Violation[] {
    for (const { of, report } of this.invariants) of.end?.(report);
    return this.violations;
  }

  private reporterOf(invariant: string): (message: string) => void {
    return (message) => this.violations.push({ invariant, message, at: this.at });
  }
}

/** The same for a history that is complete. */
export function check(
  events: Iterable<HistoryEvent>,
  invariants: Readonly<Record<string, Invariant>>,
): readonly Violation[] {
  const checker = new Checker(invariants);
  for (const event of events) checker.on(event);
  return checker.end();
}
