/**
 * The commands: what a person calls, and what the server puts into code lenses.
 *
 * Commands of the server are named `specdrift.server.…`; the client registers those by itself, and two
 * owners of one name would be an error.
 */
import * as vscode from 'vscode';
import type { Location, Position, Range } from 'vscode-languageclient/node';
import { askAll, type Answers, type Person, type Question } from './ask';
import { describe, plural, SOURCE } from './count';
import { showWritten } from './repairs';
import type { Server } from './server';

const RULE_SCHEME = 'specdrift-rule';

interface RuleSummary {
  readonly name: string;
  readonly summary: string;
}

/** The `summary` of the command line's JSON report. */
interface CheckSummary {
  readonly files: number;
  readonly error: number;
  readonly warning: number;
  readonly info: number;
  readonly unknown: number;
}

/** Shows a rule's page: the one given, the one under the cursor, or one that the person picks. */
export async function explainRule(server: Server, given?: unknown): Promise<void> {
  const rule = typeof given === 'string' ? given : ruleAtCursor() ?? await pickRule(server);
  if (rule === undefined) return;
  const page = vscode.Uri.from({ scheme: RULE_SCHEME, path: `/${rule}.md` });
  await vscode.workspace.openTextDocument(page); // a failure is seen here, not in an empty preview
  await vscode.commands.executeCommand('markdown.showPreview', page);
}

export function rulePages(server: Server): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(RULE_SCHEME, {
    provideTextDocumentContent: async page =>
      (await server.execute<{ markdown: string }>('specdrift.server.explainRule', page.path.replace(/^\/|\.md$/g, ''))).markdown,
  });
}

export async function checkWorkspace(server: Server): Promise<void> {
  const { summary } = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: 'Specdrift: checking the workspace' },
    () => server.execute<{ summary: CheckSummary }>('specdrift.server.checkWorkspace'),
  );
  const unread = plural(summary.unknown, 'place could not be read', 'places could not be read');
  const text = [`Specdrift: ${describe(summary)} in ${summary.files} files`, unread].filter(each => each !== '').join('; ');
  if (await vscode.window.showInformationMessage(`${text}.`, 'Show Problems') !== undefined) {
    await vscode.commands.executeCommand('workbench.actions.view.problems');
  }
}

interface NotKnown {
  readonly what: string;
  readonly uri?: string;
  readonly range?: Range;
}

/** What could not be read: places about which silence is not agreement. Choosing one goes there. */
export async function showUnknowns(server: Server): Promise<void> {
  const found = await server.execute<NotKnown[]>('specdrift.server.listUnknowns');
  if (found.length === 0) {
    await vscode.window.showInformationMessage('Specdrift: everything could be read.');
    return;
  }
  const { protocol2CodeConverter: convert } = await server.connection();
  const choice = await vscode.window.showQuickPick(
    found.map(each => ({
      label: each.what,
      description: each.uri === undefined ? '' :
        `${vscode.workspace.asRelativePath(convert.asUri(each.uri))}:${(each.range?.start.line ?? 0) + 1}`,
      each,
    })),
    { title: plural(found.length, 'place could not be read', 'places could not be read'), matchOnDescription: true },
  );
  if (choice?.each.uri === undefined) return;
  const at = choice.each.range === undefined ? {} : { selection: convert.asRange(choice.each.range) };
  await vscode.window.showTextDocument(convert.asUri(choice.each.uri), at);
}

/** The project's own Python runs once and fills what its text leaves open. The server refuses where nobody trusts the workspace. */
export async function askProject(server: Server): Promise<void> {
  const { failures } = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: 'Specdrift: asking the project' },
    () => server.execute<{ failures: string[] }>('specdrift.server.askProject'),
  );
  if (failures.length > 0) await vscode.window.showWarningMessage(`Specdrift: ${failures.join('; ')}`);
}

interface Answered {
  readonly applied: boolean;
  readonly questions: readonly Question[];
  readonly written?: readonly string[];
}

/** An action that needs answers: asks until nothing is open. The server then builds, proves and applies the change. */
export async function answer(server: Server, request: unknown): Promise<void> {
  let answers: Answers | undefined;
  let outcome = await server.execute<Answered>('specdrift.server.answer', request);
  while (outcome.questions.length > 0) {
    answers = await askAll(outcome.questions, answers ?? {}, PERSON);
    if (answers === undefined) return; // nothing was changed, as whoever gave up knows
    const given = answers;
    outcome = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: 'Specdrift: proving the migration' },
      () => server.execute<Answered>('specdrift.server.answer', request, given),
    );
  }
  const [first] = outcome.written ?? [];
  if (first !== undefined) await showWritten((await server.connection()).protocol2CodeConverter.asUri(first).toString(), 0);
}

const PERSON: Person = {
  choose: async (title, choices) =>
    (await vscode.window.showQuickPick(choices.map(choice => ({ label: choice.text, choice })), { title, ignoreFocusOut: true }))?.choice,
  type: ({ title, prompt, value, optional }) => vscode.window.showInputBox({
    title, prompt, value, ignoreFocusOut: true,
    validateInput: text => !optional && text.trim() === '' ? 'An answer is needed.' : undefined,
  }),
};

/** Up to the revision in the active editor, else to the head. The server shows the SQL, asks, and tells what it has done. */
export async function applyMigration(server: Server): Promise<void> {
  const uri = vscode.window.activeTextEditor?.document.uri.toString();
  await server.execute('specdrift.server.applyMigration', ...(uri === undefined ? [] : [uri]));
}

/** A code lens's click. The arguments are the protocol's; VS Code's own command wants its own types. */
export async function showReferences(server: Server, uri: string, position: Position, locations: Location[]): Promise<void> {
  const { protocol2CodeConverter: convert } = await server.connection();
  await vscode.commands.executeCommand(
    'editor.action.goToLocations', // one location: go there; more: peek
    convert.asUri(uri), convert.asPosition(position), locations.map(each => convert.asLocation(each)),
    'peek', 'Nothing on the other end.',
  );
}

/** The finding under the cursor, else the first that begins on its line: where the light bulb shows, too. */
function ruleAtCursor(): string | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) return undefined;
  const cursor = editor.selection.active;
  const ours = vscode.languages.getDiagnostics(editor.document.uri).filter(each => each.source === SOURCE);
  const here = ours.find(each => each.range.contains(cursor)) ?? ours.find(each => each.range.start.line === cursor.line);
  const code = typeof here?.code === 'object' ? here.code.value : here?.code;
  return code === undefined ? undefined : String(code);
}

async function pickRule(server: Server): Promise<string | undefined> {
  const rules = await server.execute<RuleSummary[]>('specdrift.server.listRules');
  const choice = await vscode.window.showQuickPick(
    rules.map(rule => ({ label: rule.name, description: rule.summary })),
    { title: 'Explain Rule', matchOnDescription: true },
  );
  return choice?.label;
}
