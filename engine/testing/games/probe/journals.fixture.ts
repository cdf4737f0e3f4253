import type { EntityId } from 'skerry';

/** What entities of this thread noted, also those that are gone: by contract and id. */
export class Journals {
  private readonly lines = new Map<string, string[]>();

  of(contract: string, id: EntityId): string[] {
    const key = `${contract}/${typeof id}/${String(id)}`;
    let lines = this.lines.get(key);
    if (lines === undefined) {
      lines = [];
      this.lines.set(key, lines);
    }
    return lines;
  }
}

export const journals = new Journals();
