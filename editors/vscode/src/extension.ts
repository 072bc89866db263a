/**
 * The extension's door: puts the parts together and connects them to VS Code's events.
 */
import * as vscode from 'vscode';
import type { Location, Position } from 'vscode-languageclient/node';
import { Agent, Key } from './agent';
import { answer, applyMigration, askProject, checkWorkspace, explainRule, rulePages, showReferences, showUnknowns } from './commands';
import { SHOW_WRITTEN, showWritten } from './repairs';
import { Server, type Phase } from './server';
import { showMenu, Status } from './status';

let server: Server | undefined;

/** What `activate` hands to other extensions and to the tests in a real editor. */
export interface Exports {
  phase(): Phase;
}

export function activate(context: vscode.ExtensionContext): Exports {
  const output = vscode.window.createOutputChannel('Specdrift', { log: true });
  const current = server = new Server(output, context.globalStorageUri);

  const key = new Key(context.secrets);
  const agent = new Agent(current, key);
  current.environment = () => key.environment();
  current.onRun = outcome => agent.show(outcome);

  const command = (name: string, run: (...args: never[]) => unknown): vscode.Disposable =>
    vscode.commands.registerCommand(name, async (...args: never[]) => {
      try {
        return await run(...args);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        output.error(`${name}: ${message}`);
        if (await vscode.window.showErrorMessage(`Specdrift: ${message}`, 'Show Output') !== undefined) output.show();
        return undefined;
      }
    });

  context.subscriptions.push(
    output, current, new Status(current), rulePages(current), agent.register(), key.onChange(() => void current.restart()),
    command('specdrift.restartServer', () => current.restart()),
    command('specdrift.showOutput', () => output.show()),
    command('specdrift.showMenu', () => showMenu(current)),
    command('specdrift.explainRule', (rule?: unknown) => explainRule(current, rule)),
    command('specdrift.checkWorkspace', () => checkWorkspace(current)),
    command('specdrift.showUnknowns', () => showUnknowns(current)),
    command('specdrift.askProject', () => askProject(current)),
    command('specdrift.applyMigration', () => applyMigration(current)),
    command('specdrift.showReferences', (uri: string, position: Position, locations: Location[]) =>
      showReferences(current, uri, position, locations)),
    command('specdrift.answer', (request: unknown) => answer(current, request)),
    command('specdrift.askAgent', () => agent.ask()),
    command('specdrift.implementStory', () => agent.implementStory()),
    command('specdrift.setApiKey', () => key.ask()),
    command('specdrift.forgetApiKey', () => key.forget()),
    command(SHOW_WRITTEN, showWritten),
    vscode.workspace.onDidGrantWorkspaceTrust(() => current.restart()),
    vscode.workspace.onDidChangeConfiguration(change => {
      const moved = ['specdrift.interpreter', 'specdrift.path'].some(each => change.affectsConfiguration(each));
      return moved ? current.restart() : undefined;
    }),
  );

  void current.restart(); // the search may take seconds; a failure is shown, never thrown
  return { phase: () => current.phase };
}

export function deactivate(): Promise<void> | undefined {
  return server?.stop();
}
