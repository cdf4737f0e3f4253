import type { WireType, WireTypes } from '../../engine/contract/wire-type.ts';

/** The same type with every part passed through `change`, innermost first. */
export function mapType(type: WireType, change: (part: WireType) => WireType): WireType {
  const inner = (part: WireType): WireType => mapType(part, change);
  switch (type.kind) {
    case 'nullable':
    case 'array':
    case 'set':
    case 'record':
      return change({ kind: type.kind, of: inner(type.of) });
    case 'map':
      return change({ kind: 'map', key: inner(type.key), value: inner(type.value) });
    case 'tuple':
      return change({ kind: 'tuple', items: type.items.map(inner) });
    case 'struct':
      return change({
        kind: 'struct',
        members: type.members.map((member) => ({ ...member, type: inner(member.type) })),
      });
    case 'union':
      return change({ ...type, variants: type.variants.map(({ value, type }) => ({ value, type: inner(type) })) });
    default:
      return change(type);
  }
}

/** Names that a type refers to. */
export function namesIn(type: WireType): Set<string> {
  const names = new Set<string>();
  mapType(type, (part) => {
    if (part.kind === 'named') names.add(part.name);
    return part;
  });
  return names;
}

/** Marks the references that lead back to the type they stand in, and leaves out types that `roots` do not reach. Sorted by name. */
export function markRecursion(types: WireTypes, roots: readonly WireType[]): WireTypes {
  const edges = new Map(Object.entries(types).map(([name, type]) => [name, namesIn(type)]));
  const reachable = new Map<string, Set<string>>();
  const reach = (start: Iterable<string>): Set<string> => {
    const seen = new Set<string>(start);
    for (const name of seen) for (const next of edges.get(name) ?? []) seen.add(next);
    return seen;
  };
  for (const [name, next] of edges) reachable.set(name, reach(next));
  const used = reach(roots.flatMap((root) => [...namesIn(root)]));
  const marked: WireTypes = {};
  for (const name of [...used].sort()) {
    marked[name] = mapType(types[name]!, (part) =>
      part.kind === 'named' && reachable.get(part.name)!.has(name) ? { ...part, recursive: true } : part,
    );
  }
  return marked;
}
