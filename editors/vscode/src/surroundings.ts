/**
 * What the search for the server needs to know of VS Code and of this machine. Decides nothing.
 */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as vscode from 'vscode';
import type { Surroundings } from './interpreter';
import { probe } from './probe';

const PYTHON_SECONDS = 10;
/** A command of the user's own may have to fetch the server first. */
const COMMAND_SECONDS = 60;

/** The part of the Python extension's API that is used here. */
interface PythonApi {
  readonly environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
    resolveEnvironment(environment: { readonly path: string }): Promise<
      { readonly executable: { readonly uri: vscode.Uri | undefined } } | undefined
    >;
    readonly onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

export function surroundings(folder: string): Surroundings {
  const settings = vscode.workspace.getConfiguration('specdrift');
  return {
    windows: process.platform === 'win32',
    searchPath: process.env['PATH'] ?? '',
    home: os.homedir(),
    folders: (vscode.workspace.workspaceFolders ?? [])
      .filter(each => each.uri.scheme === 'file')
      .map(each => each.uri.fsPath),
    trusted: vscode.workspace.isTrusted,
    interpreter: settings.get<string>('interpreter', ''),
    path: settings.get<string[]>('path', []),
    activeInterpreter,
    isFile: file => fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false,
    probe: candidate => probe(candidate, {
      folder,
      milliseconds: 1000 * (candidate.source === 'setting specdrift.path' ? COMMAND_SECONDS : PYTHON_SECONDS),
    }),
  };
}

async function pythonApi(): Promise<PythonApi | undefined> {
  const extension = vscode.extensions.getExtension<PythonApi>('ms-python.python');
  try {
    return await extension?.activate();
  } catch {
    return undefined; // another extension's failure: the search goes on without it
  }
}

async function activeInterpreter(): Promise<string | undefined> {
  const api = await pythonApi();
  if (api?.environments === undefined) return undefined;
  const active = api.environments.getActiveEnvironmentPath(vscode.workspace.workspaceFolders?.[0]?.uri);
  const environment = await api.environments.resolveEnvironment(active);
  return environment?.executable.uri?.fsPath;
}

/** Calls back when the Python extension's active interpreter changes. Never starts that extension. */
export function onInterpreterChange(callback: () => void): vscode.Disposable | undefined {
  const extension = vscode.extensions.getExtension<PythonApi>('ms-python.python');
  return extension?.isActive === true
    ? extension.exports?.environments?.onDidChangeActiveEnvironmentPath(callback)
    : undefined;
}
