import type { Invariant } from './checker.ts';

/** How a call may end: what callers see is made of these and nothing else. */
const OUTCOMES = new Set([
  'ok',
  'error',
  'notExecuted:link-full',
  'notExecuted:no-owner',
  'unknown:timeout',
  'unknown:node-lost',
]);

/** I6: a call is executed at most once, and never when it ended as not executed. */
export function atMostOnce(): Invariant {
  const executed = new Set<string>();
  const notExecuted = new Set<string>();
  return {
    on(event, report) {
      if (event.kind === 'executed') {
        if (executed.has(event.call)) report(`${event.call} was executed twice`);
        if (notExecuted.has(event.call)) report(`${event.call} was executed after it had ended as not executed`);
        executed.add(event.call);
      } else if (event.kind === 'ended' && event.outcome.startsWith('notExecuted')) {
        if (executed.has(event.call)) report(`${event.call} ended as not executed, and was`);
        notExecuted.add(event.call);
      }
    },
  };
}

const GRACE_MS = 1000;

/** I7: a result means that the call was executed; every call ends, at most a second after its deadline while its host runs. */
export function everyCallEnds(): Invariant {
  const executed = new Set<string>();
  const open = new Map<string, { run: string; due: number }>();
  let now = 0;
  return {
    on(event, report) {
      now = event.at;
      switch (event.kind) {
        case 'executed':
          executed.add(event.call);
          return;
        case 'called':
          open.set(event.call, { run: `${event.host}/${event.inc}`, due: event.deadline + GRACE_MS });
          return;
        case 'ended': {
          const call = open.get(event.call);
          if (call === undefined) report(`${event.call} ended twice`);
          else if (event.at > call.due) report(`${event.call} ended ${(event.at - call.due).toFixed(0)} ms late`);
          if (event.outcome === 'ok' && !executed.has(event.call)) report(`${event.call} has a result of nothing`);
          open.delete(event.call);
          return;
        }
        case 'stopped':
          for (const [call, { run }] of open) if (run === `${event.host}/${event.inc}`) open.delete(call);
          return;
        // Deadlines are times of the host's monotonic clock, which may have stood still as well.
        case 'stood-still':
        case 'set-back':
          for (const call of open.values()) {
            if (call.run !== `${event.host}/${event.inc}`) continue;
            call.due += event.kind === 'set-back' ? event.ms : event.at - event.from;
          }
      }
    },
    end(report) {
      for (const [call, { due }] of open) if (due < now) report(`${call} never ended`);
    },
  };
}

/** I8: what one sender sends to one target is executed in the order of sending; some of it may not be. */
export function inOrder(): Invariant {
  const sent = new Map<string, { pair: string; index: number }>();
  const last = new Map<string, number>();
  return {
    on(event, report) {
      if (event.kind === 'called') {
        sent.set(event.call, { pair: `${event.source} > ${event.target}`, index: event.index });
      } else if (event.kind === 'executed') {
        const { pair, index } = sent.get(event.call)!;
        const before = last.get(pair) ?? -1;
        if (index < before) report(`${pair}: message ${index} was executed after ${before}`);
        else last.set(pair, index);
      }
    },
  };
}

/** I13: an unreliable lane accounts for every message. */
export function lanesAddUp(): Invariant {
  return {
    on(event, report) {
      if (event.kind !== 'lane') return;
      const { lane, sent, delivered, dropped } = event;
      if (delivered + dropped !== sent) report(`${lane}: ${sent} sent, ${delivered} delivered, ${dropped} dropped`);
    },
  };
}

/** I17: only documented outcomes reach callers. */
export function documentedOutcomes(): Invariant {
  return {
    on(event, report) {
      if (event.kind === 'ended' && !OUTCOMES.has(event.outcome)) report(`${event.call} ended as ${event.outcome}`);
    },
  };
}
