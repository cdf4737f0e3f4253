/** The command line program: `main` is what engine/main.js calls. */
import { type CommandLine, helpText, parseCommandLine } from './command-line.ts';
import { UsageError } from './config.ts';
import { FolderInUse } from './folder-lock.ts';
import { joinLauncher } from './launcher-port.ts';
import { engineVersion, processShell, type Shell } from './shell.ts';
import { start } from './start.ts';

/** Runs a command to its end, which is also that of the process. */
export async function main(argv: readonly string[]): Promise<void> {
  const shell = processShell();
  shell.exit(await run(argv, shell));
}

/** Resolves to the exit code: 0, 1 for what the operator can repair, 2 for what is not built yet. */
export async function run(argv: readonly string[], shell: Shell): Promise<number> {
  try {
    return await perform(parseCommandLine(argv, shell.env), shell, argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    shell.stderr(`skerry: ${error.message}\n`);
    return 1;
  }
}

async function perform(line: CommandLine, shell: Shell, argv: readonly string[]): Promise<number> {
  switch (line.command) {
    case 'help':
      shell.stdout(helpText());
      return 0;
    case 'version':
      shell.stdout(`skerry ${engineVersion()}\n`);
      return 0;
    case 'start': {
      const { launcher } = shell;
      if (line.config.supervise && launcher === undefined) {
        const { launch } = await import('./launcher.ts');
        return launch(line, shell, argv);
      }
      // Loaded when needed: `--help` and mistakes answer without the engine.
      const { runHost } = await import('./host.ts');
      const launched = launcher && (await joinLauncher(launcher));
      return start(line, shell, async (config, gameArgs, log) => {
        const host = await runHost(config, gameArgs, log, launched);
        launched?.port.ready();
        return host;
      });
    }
    case 'check': {
      const [{ check }, { buildGame }] = await Promise.all([import('./check.ts'), import('../../codegen/build.ts')]);
      return check(line.config.game, shell, buildGame);
    }
    case 'status': {
      const { statusCommand } = await import('./status-command.ts');
      return statusCommand(line.config, line.asJson, shell);
    }
    case 'store': {
      const [{ storeCommand }, { EngineError }] = await Promise.all([
        import('./store-command.ts'),
        import('../base/errors.ts'),
      ]);
      return await storeCommand(line, shell).catch((error: Error) => {
        if (!(error instanceof EngineError || error instanceof FolderInUse)) throw error;
        shell.stderr(`skerry: ${error.message}\n`);
        return 1;
      });
    }
    default:
      return notYet(`'${line.command}'`, shell);
  }
}

function notYet(what: string, shell: Shell): number {
  shell.stderr(`skerry: ${what} is not implemented yet\n`);
  return 2;
}
