/**
 * After a repair: shows what it wrote, when that is not in the file in which it was asked for.
 *
 * A person asks in the spec for an endpoint, or in a model for a migration, and would otherwise see nothing but
 * the finding go. The server is not told when an edit is applied, so this is the client's business.
 */
import * as vscode from 'vscode';
import { placeToLook } from './written';

export const SHOW_WRITTEN = 'specdrift.showWritten';

/** Gives an action that writes elsewhere a command, which VS Code runs once its edit has been applied. */
export async function thenShowWhatWasWritten(
  action: vscode.CodeAction,
  token: vscode.CancellationToken,
  resolve: (action: vscode.CodeAction, token: vscode.CancellationToken) => vscode.ProviderResult<vscode.CodeAction>,
): Promise<vscode.CodeAction | null | undefined> {
  const resolved = await resolve(action, token);
  const asked = vscode.window.activeTextEditor?.document.uri.toString();
  if (resolved?.edit === undefined || resolved.command !== undefined) return resolved;
  const files = await Promise.all(resolved.edit.entries().map(async ([uri, edits]) => ({
    uri: uri.toString(),
    exists: await exists(uri),
    edits: edits.map(each => ({ start: each.range.start.line, end: each.range.end.line, text: each.newText })),
  })));
  const place = files.some(each => each.uri === asked) ? undefined : placeToLook(files);
  if (place !== undefined) resolved.command = { title: 'Show', command: SHOW_WRITTEN, arguments: [place.uri, place.line] };
  return resolved;
}

/** Silent where the file is not there: its part of the edit was not confirmed. */
export async function showWritten(uri: string, line: number): Promise<void> {
  const file = vscode.Uri.parse(uri);
  if (!await exists(file)) return;
  const document = await vscode.workspace.openTextDocument(file);
  const { range } = document.lineAt(Math.min(line, document.lineCount - 1));
  const editor = await vscode.window.showTextDocument(document, { preview: false, selection: new vscode.Range(range.start, range.start) });
  editor.revealRange(range, line === 0 ? vscode.TextEditorRevealType.AtTop : vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

async function exists(file: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(file);
    return true;
  } catch {
    return false;
  }
}
