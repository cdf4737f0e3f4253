/** A game that cannot be built, in one message that stands on its own: `file:line:column: what is wrong`. Nothing to add from the stack. */
export class GameBuildError extends Error {
  override name = 'GameBuildError';
}

/** From 1. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: before.at(-1)!.length + 1 };
}
