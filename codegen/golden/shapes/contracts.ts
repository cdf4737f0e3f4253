import { contract, type float32, type int8, type int32, type int64, type uint8, type uint16 } from 'skerry';

/** Fixed size: written out in place. */
export interface Position {
  x: float32;
  y: float32;
}

interface Base {
  id: int64;
}

/** Optional members, one of them with a name that every object has. */
export interface Item extends Base {
  name: string;
  at: Position;
  tags?: string[];
  constructor?: int8;
}

/** Recursive. */
export interface Tree {
  value: int32;
  children: Tree[];
}

export type Shape = { kind: 'circle'; radius: float32 } | { kind: 'box' | 'slab'; size: Position } | Group;

interface Group {
  kind: 'group';
  shapes: Shape[];
}

export interface Shapes {
  place(id: uint16, at: Position, color: 'red' | 'green' | 'blue'): void;
  cloud(points: Position[], weights: Map<string, float32>, marks: Set<uint8>, flags: Record<string, boolean>): void;
  find(path: [int32, int32, string], deep?: boolean, limit?: int32): Promise<Item | null>;
  grow(tree: Tree): Promise<Tree>;
  draw(shape: Shape): Promise<Shape[]>;
}
export const Shapes = contract<Shapes>('Shapes', { place: {}, cloud: {}, find: {}, grow: {}, draw: {} });
