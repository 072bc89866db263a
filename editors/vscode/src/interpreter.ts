/**
 * Which command starts the server?
 *
 * Knows the order of the search and its safety rules. Knows neither VS Code nor processes: what it needs of
 * the world comes in as `Surroundings`, so that the whole search runs in a plain test.
 */
import * as path from 'node:path';

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/** Where a candidate comes from, in words that a person reads in the output. */
export type Source =
  | 'setting specdrift.interpreter'
  | 'setting specdrift.path'
  | 'Python extension'
  | 'workspace environment'
  | 'lsp_server on PATH'
  | 'Python on PATH';

export interface Candidate extends Command {
  readonly source: Source;
}

export type Probe =
  | { readonly ok: true; readonly version: string }
  | { readonly ok: false; readonly reason: string };

export interface Surroundings {
  readonly windows: boolean;
  /** The value of PATH (the separator follows the platform). */
  readonly searchPath: string;
  readonly home: string;
  /** Absolute paths of the workspace folders, the first one first. */
  readonly folders: readonly string[];
  /** In an untrusted workspace nothing that lies inside of it is started. */
  readonly trusted: boolean;
  /** `specdrift.interpreter`; empty: not set. */
  readonly interpreter: string;
  /** `specdrift.path`; empty: not set. */
  readonly path: readonly string[];
  /** The interpreter that the Python extension has active, if there is one. */
  activeInterpreter(): Promise<string | undefined>;
  isFile(file: string): boolean;
  probe(candidate: Candidate): Promise<Probe>;
}

export interface Attempt {
  readonly candidate: Candidate;
  readonly reason: string;
}

export interface Search {
  readonly found?: Candidate & { readonly version: string };
  /** What was tried without success, in order. */
  readonly tried: readonly Attempt[];
}

/**
 * `-P` keeps the current folder off the module path: a workspace with a folder `lsp_server` of its own
 * must not be run in place of the server.
 */
export const SERVER_ARGUMENTS: readonly string[] = ['-P', '-m', 'lsp_server'];

/**
 * Search in order and stop at the first command that answers `--version`.
 * A setting that a person has made is final: if it does not work, that is said, and nothing else is tried.
 */
export async function findServer(around: Surroundings): Promise<Search> {
  const tried: Attempt[] = [];
  const seen = new Set<string>();
  for await (const candidate of candidates(around)) {
    const key = [candidate.command, ...candidate.args].join('\0');
    if (seen.has(key)) continue;
    seen.add(key);
    const reason = refusal(around, candidate);
    if (reason !== undefined) {
      tried.push({ candidate, reason });
      continue;
    }
    const probe = await around.probe(candidate);
    if (probe.ok) return { found: { ...candidate, version: probe.version }, tried };
    tried.push({ candidate, reason: probe.reason });
  }
  return { tried };
}

/** Everything worth a try, lazily: the Python extension is asked only when the settings are silent. */
export async function* candidates(around: Surroundings): AsyncGenerator<Candidate> {
  if (around.interpreter.trim() !== '') {
    yield python(locate(around, around.interpreter.trim()), 'setting specdrift.interpreter');
    return;
  }
  const [program, ...args] = around.path;
  if (program !== undefined && program.trim() !== '') {
    yield {
      command: locate(around, program.trim()),
      args: args.map(argument => expand(around, argument)),
      source: 'setting specdrift.path',
    };
    return;
  }
  if (around.trusted) {
    const active = await around.activeInterpreter();
    if (active !== undefined) yield python(active, 'Python extension');
    for (const folder of around.folders) {
      for (const environment of ['.venv', 'venv']) {
        const file = interpreterIn(around, join(around, folder, environment));
        if (around.isFile(file)) yield python(file, 'workspace environment');
      }
    }
  }
  const server = onPath(around, 'lsp_server');
  if (server !== undefined) yield { command: server, args: [], source: 'lsp_server on PATH' };
  for (const name of ['python3', 'python']) {
    const file = onPath(around, name);
    if (file !== undefined) yield python(file, 'Python on PATH');
  }
}

/** The interpreter of a virtual environment. */
export function interpreterIn(around: Pick<Surroundings, 'windows'>, environment: string): string {
  return around.windows
    ? path.win32.join(environment, 'Scripts', 'python.exe')
    : path.posix.join(environment, 'bin', 'python');
}

/**
 * A program on PATH as an absolute path. Relative entries of PATH are passed over: they would mean another
 * program in each workspace. So are entries inside of an untrusted workspace.
 */
export function onPath(around: Surroundings, name: string): string | undefined {
  const rules = pathRules(around);
  const file = around.windows && rules.extname(name) === '' ? `${name}.exe` : name;
  return around.searchPath
    .split(rules.delimiter)
    .filter(folder => rules.isAbsolute(folder))
    .filter(folder => around.trusted || !insideWorkspace(around, folder))
    .map(folder => rules.join(folder, file))
    .find(candidate => around.isFile(candidate));
}

export function insideWorkspace(around: Surroundings, file: string): boolean {
  const rules = pathRules(around);
  return around.folders.some(folder => {
    const relative = rules.relative(folder, file);
    return relative === '' || (relative !== '..' && !relative.startsWith(`..${rules.sep}`) && !rules.isAbsolute(relative));
  });
}

function refusal(around: Surroundings, candidate: Candidate): string | undefined {
  if (!around.trusted && insideWorkspace(around, candidate.command)) {
    return 'it lies inside the workspace, which is not trusted';
  }
  return around.isFile(candidate.command) ? undefined : 'there is no such file';
}

function python(command: string, source: Source): Candidate {
  return { command, args: SERVER_ARGUMENTS, source };
}

/** A program as a person writes it in a setting: a name on PATH, or a path, relative to the first folder. */
function locate(around: Surroundings, written: string): string {
  const rules = pathRules(around);
  const value = expand(around, written);
  if (rules.isAbsolute(value)) return rules.normalize(value);
  const bare = !value.includes('/') && !(around.windows && value.includes('\\'));
  if (bare) return onPath(around, value) ?? value;
  const [first] = around.folders;
  return first === undefined ? value : rules.join(first, value);
}

function expand(around: Surroundings, written: string): string {
  const home = written === '~' || written.startsWith('~/') ? around.home + written.slice(1) : written;
  return home.replaceAll('${workspaceFolder}', () => around.folders[0] ?? '');
}

function join(around: Surroundings, ...parts: string[]): string {
  return pathRules(around).join(...parts);
}

function pathRules(around: Pick<Surroundings, 'windows'>): path.PlatformPath {
  return around.windows ? path.win32 : path.posix;
}
