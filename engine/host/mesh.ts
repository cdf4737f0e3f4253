import type { LinkReader, LinkWriter } from '../../transport/link.ts';
import { LoopbackLink } from '../../transport/loopback/loopback-link.ts';
import { Doorbell } from '../../transport/ring/doorbell.ts';
import { RingLinkReader } from '../../transport/ring/ring-link-reader.ts';
import { RingLinkWriter } from '../../transport/ring/ring-link-writer.ts';
import { allocateRingLink, laneBytesFor } from '../../transport/ring/ring-memory.ts';

/** The shared memory of a host: a ring link from every node to every other, a doorbell for each. */
export interface MeshMemory {
  /** `links[from][to]`; undefined where a node would write to itself. */
  readonly links: readonly (readonly (SharedArrayBuffer | undefined)[])[];
  readonly bells: readonly SharedArrayBuffer[];
}

export function allocateMesh(nodes: number): MeshMemory {
  const laneBytes = laneBytesFor(nodes);
  return {
    links: Array.from({ length: nodes }, (_, from) =>
      Array.from({ length: nodes }, (_, to) => (from === to ? undefined : allocateRingLink({ laneBytes }))),
    ),
    bells: Array.from({ length: nodes }, () => Doorbell.allocate()),
  };
}

/** The ends of the mesh that one node holds: links to and from every node, itself through the loopback. */
export function joinMesh(
  memory: MeshMemory,
  index: number,
): { writers: LinkWriter[]; readers: LinkReader[]; bell: Doorbell } {
  const bells = memory.bells.map((bell) => new Doorbell(bell));
  const loopback = new LoopbackLink();
  const writers = memory.links[index]!.map((link, to) =>
    link === undefined ? loopback : new RingLinkWriter(link, { readerBell: bells[to]! }),
  );
  const readers = memory.links.map((row, from) => {
    const link = row[index];
    return link === undefined ? loopback : new RingLinkReader(link, { writerBell: bells[from]! });
  });
  return { writers, readers, bell: bells[index]! };
}
