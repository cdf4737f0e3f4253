import type { float32, int32, uint8 } from 'skerry';

/** Types that a contract imports from another file. */
export interface Item {
  name: string;
  count?: uint8;
  tags: string[];
}

export type Shape = { kind: 'circle'; radius: number } | { kind: 'square'; side: float32 };

export interface Tree {
  value: int32;
  children: Tree[];
}

export type Level = 'low' | 'high' | 3;
