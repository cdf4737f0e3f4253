/** Something to import. */
export const same = <T>(value: T): T => value;
