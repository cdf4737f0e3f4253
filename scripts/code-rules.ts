/** Rules about single files: names, state, where time and the environment come from, what tests leave behind. */
import type { Rule, Violation } from './rule.ts';
import { nodes, type SourceFile, type SyntaxNode } from './source-tree.ts';

const LINES_MAX = 450;

const engineCode = (file: SourceFile): boolean =>
  file.isCode && file.isIn('engine', 'transport', 'codegen') && !file.isTest && file.path !== 'engine/main.js';

function at(file: SourceFile, node: SyntaxNode, advice: string): Violation {
  return { file: file.path, line: file.lineAt(node.start), advice };
}

/** `process.env` for a member of a plain name, undefined for anything else. */
function memberName(node: SyntaxNode): string | undefined {
  if (node.type !== 'MemberExpression' || node.object.type !== 'Identifier') return undefined;
  const property = node.computed ? node.property.value : node.property.name;
  return `${node.object.name}.${property}`;
}

const names: Rule = {
  name: 'names',
  severity: 'error',
  *check(tree) {
    const vague = /^(?:.*-)?(?:utils?|helpers?|managers?|misc)$|^(?:common|types?|core)$/;
    for (const { path } of tree.files) {
      const parts = path.split('/').map((part) => part.replace(/(?:\.(?:test|fuzz|threads|sim|e2e|d))*\.[a-z]+$/, ''));
      const bad = parts.find((part) => vague.test(part));
      if (bad === undefined) continue;
      yield {
        file: path,
        line: 1,
        advice: `'${bad}' says nothing: name the noun it is about, or move it to its only caller`,
      };
    }
  },
};

const indexFiles: Rule = {
  name: 'index',
  severity: 'error',
  *check(tree) {
    for (const file of tree.code.filter(({ path }) => /(?:^|\/)index\.[jt]s$/.test(path) && !path.includes('/web/'))) {
      for (const node of file.program.body as SyntaxNode[]) {
        if (node.type === 'ExportAllDeclaration' || (node.type === 'ExportNamedDeclaration' && node.source)) continue;
        yield at(file, node, 'an index only re-exports: move the code into a file named after what it is');
      }
    }
  },
};

/** Module-level variables whose race is argued where they stand: file and name. */
const ARGUED_STATE = new Set(['engine/runtime/entity.ts scopeUnderConstruction']);

const moduleState: Rule = {
  name: 'module-state',
  severity: 'error',
  *check(tree) {
    for (const file of tree.files.filter(engineCode)) {
      for (const statement of file.program.body as SyntaxNode[]) {
        const node = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
        if (node?.type !== 'VariableDeclaration' || node.kind === 'const' || node.declare) continue;
        if (node.declarations.every(({ id }: SyntaxNode) => ARGUED_STATE.has(`${file.path} ${id.name}`))) continue;
        yield at(file, node, 'two nodes share this variable: make it a member of what is constructed');
      }
    }
  },
};

const environment: Rule = {
  name: 'environment',
  severity: 'error',
  *check(tree) {
    const members = /^process\.(?:env|argv|exit|exitCode|kill|abort)$/;
    const listeners = /^process\.(?:on|once|addListener)$/;
    for (const file of tree.files.filter((one) => engineCode(one) && !one.isIn('engine/host'))) {
      for (const [node] of nodes(file.program)) {
        const name = memberName(node.type === 'CallExpression' ? node.callee : node) ?? '';
        const listens = node.type === 'CallExpression' && listeners.test(name);
        if (!listens && (node.type === 'CallExpression' || !members.test(name))) continue;
        yield at(file, node, `${name} belongs to engine/host: take what you need from it as an option`);
      }
    }
  },
};

/** The loop that puts a node's thread to sleep; everything it runs takes the clock. */
const SLEEPERS = new Set(['engine/runtime/duty-cycle.ts']);

const clock: Rule = {
  name: 'clock',
  severity: 'error',
  *check(tree) {
    const members = /^(?:Date\.now|Math\.random|performance\.now)$/;
    const timers = /^(?:setTimeout|setInterval)$/;
    const controlled = (file: SourceFile) =>
      engineCode(file) && file.isIn('engine/runtime', 'engine/cluster') && !SLEEPERS.has(file.path);
    for (const file of tree.files.filter(controlled)) {
      for (const [node] of nodes(file.program)) {
        const name = memberName(node) ?? '';
        const called = node.type === 'CallExpression' ? (node.callee.name ?? '') : '';
        const today = node.type === 'NewExpression' && node.callee.name === 'Date' && node.arguments.length === 0;
        const what = today ? 'new Date()' : members.test(name) ? name : timers.test(called) ? called : undefined;
        if (what === undefined) continue;
        yield at(file, node, `${what} escapes simulation: use the clock or the prng that the constructor was given`);
      }
    }
  },
};

const machinePaths: Rule = {
  name: 'machine-paths',
  severity: 'error',
  *check(tree) {
    const path =
      /(?<![\w.:$}\])*/-])(?:\/(?:home|root|Users|work|workspace|mnt|var\/folders)\/[\w.-]|[A-Z]:\\\\?[A-Za-z])/;
    for (const file of tree.files) {
      for (const [index, text] of file.text.split('\n').entries()) {
        if (!path.test(text)) continue;
        yield {
          file: file.path,
          line: index + 1,
          advice: 'a path of one machine: make it relative to this file or an option',
        };
      }
    }
  },
};

const focusedTests: Rule = {
  name: 'focused-tests',
  severity: 'error',
  *check(tree) {
    for (const file of tree.code.filter(({ isTest }) => isTest)) {
      for (const [node, parent] of nodes(file.program)) {
        const modifier = /^(?:test|serial|it)\.(?:serial\.)?(only|skip|failing|todo)$/.exec(
          memberName(node) ?? '',
        )?.[1];
        // `present ? test : test.skip` is how a test says what it needs from the machine.
        if (modifier === undefined || (modifier === 'skip' && parent?.type === 'ConditionalExpression')) continue;
        yield at(file, node, `.${modifier} is for the desk: run the test, delete it, or skip it on a condition`);
      }
    }
  },
};

const lockFile: Rule = {
  name: 'lock-file',
  severity: 'error',
  *check(tree) {
    const file = tree.file('package-lock.json');
    if (!file) return;
    const resolved = file.text.split('\n').findIndex((text) => text.includes('"resolved"'));
    if (resolved !== -1) {
      const advice = 'addresses of one registry: install with this .npmrc and commit again';
      yield { file: file.path, line: resolved + 1, advice };
    }
    const packages: Record<string, { optionalDependencies?: Record<string, string> }> =
      JSON.parse(file.text).packages ?? {};
    const paths = Object.keys(packages);
    for (const { optionalDependencies = {} } of Object.values(packages)) {
      for (const name of Object.keys(optionalDependencies)) {
        if (paths.some((path) => path.endsWith(`node_modules/${name}`))) continue;
        const advice = `npm ci refuses a lock without ${name}: run node scripts/lock-platforms.js`;
        yield { file: file.path, line: file.lineAt(file.text.indexOf(`"${name}"`)), advice };
      }
    }
  },
};

const fileLength: Rule = {
  name: 'length',
  severity: 'warning',
  *check(tree) {
    for (const file of tree.code) {
      const lines = file.text.split('\n').length - 1;
      if (lines <= LINES_MAX) continue;
      yield { file: file.path, line: LINES_MAX, advice: `${lines} lines: split it by noun before ${LINES_MAX}` };
    }
  },
};

export const codeRules: readonly Rule[] = [
  names,
  indexFiles,
  moduleState,
  environment,
  clock,
  machinePaths,
  focusedTests,
  lockFile,
  fileLength,
];
