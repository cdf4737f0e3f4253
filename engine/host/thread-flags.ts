/**
 * A thread inherits the flags of its process, V8's included, when none are named; and must not inherit a program that stands among
 * them (`node -e …`). Then flags that load or resolve modules are named, which a thread takes.
 */
export function flagsOf(flags: readonly string[]): { execArgv?: string[] } {
  if (!flags.some((flag) => /^(?:-e|-p|-pe|--eval|--print|--input-type)(?:=|$)/.test(flag))) return {};
  const taken = /^(?:--import|--require|-r|--loader|--experimental-loader|--conditions|-C|--enable-source-maps)(?:=|$)/;
  const execArgv: string[] = [];
  flags.forEach((flag, i) => {
    if (!taken.test(flag)) return;
    execArgv.push(flag);
    if (!flag.includes('=') && flag !== '--enable-source-maps') execArgv.push(flags[i + 1]!);
  });
  return { execArgv };
}
