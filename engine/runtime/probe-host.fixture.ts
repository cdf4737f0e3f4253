import type { ExecutionContext } from 'ava';
import type { EntityId } from '../base/entity-id.ts';
import type { CallOptions } from '../runtime/node-ref.ts';
import { loadFixtureGame } from '../testing/fixture-game.fixture.ts';
import { Gate, Probe } from '../testing/games/probe/contracts.fixture.ts';
import { LocalHost, type LocalHostOptions } from '../testing/local-host.ts';

const { catalogue, module } = await loadFixtureGame<{
  journals: { of(contract: string, id: EntityId): string[] };
}>('probe');

/** What entities noted, by contract and id; it outlives them and their host. */
export const journalOf = (contract: string, id: EntityId): string[] => module.journals.of(contract, id);

/** Journals outlive their host, so every test has ids of its own. */
const tests = { begun: 0 };

/** The game of probes on nodes of this thread, gone after the test; two nodes unless told otherwise. */
export function startProbes(t: ExecutionContext, options: LocalHostOptions = {}) {
  const from = ++tests.begun * 10_000;
  const host = new LocalHost(catalogue, { nodes: 2, ...options });
  t.teardown(() => host.stop());
  const view = host.view(0);
  const probeId = (node = 1, nth = 0): number => host.idOn(node, Probe, from + nth * 100);
  return {
    host,
    /** Node 0 as code outside of entities sees it. */
    view,
    gate: view.getProxy(Gate, 0),
    /** A name or number that no other test uses. */
    from,
    /** A probe on a node; `nth` tells several apart. */
    probe: (node = 1, nth = 0, callOptions?: CallOptions) => view.getProxy(Probe, probeId(node, nth), callOptions),
    probeId,
  };
}

/** The error that a call ends in; undefined when it does not. */
export function failureOf(call: Promise<unknown>): Promise<any> {
  return call.then(
    () => undefined,
    (error) => error,
  );
}
