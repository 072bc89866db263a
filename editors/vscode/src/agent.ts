/**
 * The agent's commands: its key in the secret storage, a task in a person's words, a story, and what came of a run.
 *
 * The run itself, its progress and its cancelling are the server's. Nothing is said or asked here until a command is called.
 */
import * as vscode from 'vscode';
import { environmentOf, keyOf, SECRET, VARIABLE } from './key';
import { isOutcome, page, title, type Outcome } from './outcome';
import type { Server } from './server';

export const RUN_AGENT = 'specdrift.server.runAgent';
const RESULT_SCHEME = 'specdrift-run';
const KEPT = 20; // pages of runs
const CANCELLED = -32800; // RequestCancelled of the protocol

/** The model's key. It is nowhere but in the editor's secret storage and in the server's environment. */
export class Key {
  constructor(private readonly secrets: vscode.SecretStorage) {}

  environment(): Promise<Record<string, string>> {
    return environmentOf(this.secrets);
  }

  /** Whether it was set, changed or forgotten, in this window or another one. */
  onChange(changed: () => void): vscode.Disposable {
    return this.secrets.onDidChange(({ key }) => {
      if (key === SECRET) changed();
    });
  }

  async ask(): Promise<void> {
    const text = await vscode.window.showInputBox({
      title: 'API key of the model', password: true, ignoreFocusOut: true,
      prompt: 'Kept in the editor\'s secret storage and handed to the server\'s environment only.',
      validateInput: text => keyOf(text) === undefined ? 'This is no key.' : undefined,
    });
    const key = keyOf(text ?? '');
    if (key !== undefined) await this.secrets.store(SECRET, key); // the server is started anew, see onChange
  }

  async forget(): Promise<void> {
    await this.secrets.delete(SECRET);
    await vscode.window.showInformationMessage(`Specdrift: the API key is forgotten. ${VARIABLE} of the environment still counts, if it is set.`);
  }
}

/** Pages of the last runs, and the runs that a person begins. */
export class Agent {
  private readonly pages = new Map<string, string>();

  constructor(private readonly server: Server, private readonly key: Key) {}

  register(): vscode.Disposable {
    return vscode.workspace.registerTextDocumentContentProvider(RESULT_SCHEME, {
      provideTextDocumentContent: uri => this.pages.get(uri.path) ?? 'The results of this run are not kept any more.',
    });
  }

  /** A task in words. */
  async ask(): Promise<void> {
    const task = await vscode.window.showInputBox({
      title: 'Ask the agent', ignoreFocusOut: true,
      prompt: 'What should be done? The result is an edit for you to confirm.', placeHolder: 'Let customers change their address',
    });
    if (task === undefined || task.trim() === '') return;
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const uri = (vscode.window.activeTextEditor?.document.uri.scheme === 'file' ? vscode.window.activeTextEditor.document.uri : folder)?.toString();
    await this.run({ task: task.trim(), ...(uri === undefined ? {} : { uri }) });
  }

  /** The story in which the selection begins. */
  async implementStory(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor?.document.languageId !== 'markdown') throw new Error('Place the cursor in a story, in a Markdown file.');
    await this.run({ uri: editor.document.uri.toString(), line: editor.selection.start.line, kind: 'implement-story' });
  }

  /** What came of a run that an action of the server began, or one of ours. */
  async show(outcome: unknown): Promise<void> {
    if (!isOutcome(outcome)) return;
    const uri = this.keep(outcome);
    await vscode.workspace.openTextDocument(uri);
    await vscode.commands.executeCommand('markdown.showPreviewToSide', uri);
  }

  private keep(outcome: Outcome): vscode.Uri {
    const uri = vscode.Uri.from({ scheme: RESULT_SCHEME, path: `/${title(outcome)}, run ${outcome.run}.md` });
    this.pages.set(uri.path, page(outcome));
    const [oldest] = this.pages.keys();
    if (this.pages.size > KEPT && oldest !== undefined) this.pages.delete(oldest);
    return uri;
  }

  private async run(task: Record<string, unknown>): Promise<void> {
    try {
      await this.show(await this.server.execute(RUN_AGENT, task));
    } catch (error) {
      if ((error as { code?: unknown }).code === CANCELLED) return; // as whoever cancelled knows
      if (Object.keys(await this.key.environment()).length > 0) throw error;
      const message = error instanceof Error ? error.message : String(error);
      if (await vscode.window.showErrorMessage(`Specdrift: ${message}`, 'Set API Key') !== undefined) await this.key.ask();
    }
  }
}
