/**
 * Runs something of a game that reads its own flags from `process.argv`, on a thread whose `process.argv` belongs to somebody else. They are
 * there until `run` returns, which is at its first await: nothing else runs meanwhile.
 */
export function withGameArguments<T>(args: readonly string[], run: () => T): T {
  const own = process.argv;
  process.argv = [...own.slice(0, 2), ...(args.length > 0 ? ['--', ...args] : [])];
  try {
    return run();
  } finally {
    process.argv = own;
  }
}
