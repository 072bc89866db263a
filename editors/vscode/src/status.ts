/**
 * The status item: does the server run, and how much has it found?
 */
import * as vscode from 'vscode';
import type { Server } from './server';
import { commandLine } from './server';
import { countFindings, describe } from './count';

export class Status implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('specdrift.status', vscode.StatusBarAlignment.Left, -10);
  private readonly listeners: vscode.Disposable[];

  constructor(private readonly server: Server) {
    this.item.name = 'Specdrift';
    this.item.command = 'specdrift.showMenu';
    this.listeners = [
      server.onPhase(() => this.refresh()),
      vscode.languages.onDidChangeDiagnostics(() => this.refresh()),
    ];
    this.refresh();
    this.item.show();
  }

  dispose(): void {
    for (const each of [this.item, ...this.listeners]) each.dispose();
  }

  private refresh(): void {
    const { phase, failure, running } = this.server;
    const count = countFindings(vscode.languages.getDiagnostics().flatMap(([, each]) => each));
    this.item.backgroundColor = phase === 'failed' ? new vscode.ThemeColor('statusBarItem.errorBackground') : undefined;
    switch (phase) {
      case 'starting':
        this.item.text = '$(loading~spin) Specdrift';
        this.item.tooltip = 'Specdrift: the server starts';
        break;
      case 'running':
        this.item.text = count.total === 0 ? '$(check) Specdrift' : `$(warning) Specdrift ${count.total}`;
        this.item.tooltip = [
          `Specdrift ${running?.version ?? ''}: ${describe(count)}`,
          ...(vscode.workspace.isTrusted ? [] : ['Restricted Mode: the workspace\'s own Python is not run.']),
          ...(running === undefined ? [] : [commandLine(running)]),
        ].join('\n');
        break;
      case 'failed':
        this.item.text = '$(error) Specdrift';
        this.item.tooltip = `Specdrift: ${failure}`;
        break;
      case 'stopped':
        this.item.text = '$(circle-slash) Specdrift';
        this.item.tooltip = 'Specdrift: the server does not run';
        break;
    }
  }
}

/** The menu behind the status item. */
export async function showMenu(server: Server): Promise<void> {
  const running = server.phase === 'running';
  const choice = await vscode.window.showQuickPick([
    ...(running ? [
      { label: '$(search) Check Workspace', command: 'specdrift.checkWorkspace' },
      { label: '$(warning) Show Problems', command: 'workbench.actions.view.problems' },
      { label: '$(book) Explain Rule', command: 'specdrift.explainRule' },
    ] : []),
    { label: '$(debug-restart) Restart Server', command: 'specdrift.restartServer' },
    { label: '$(output) Show Output', command: 'specdrift.showOutput' },
    { label: '$(gear) Open Settings', command: 'workbench.action.openSettings', argument: 'specdrift.' },
    ...(vscode.workspace.isTrusted ? [] : [
      { label: '$(shield) Manage Workspace Trust', command: 'workbench.trust.manage' },
    ]),
  ] as { label: string; command: string; argument?: string }[], {
    title: 'Specdrift', placeHolder: server.failure || `The server is ${server.phase}`,
  });
  if (choice !== undefined) {
    await vscode.commands.executeCommand(choice.command, ...(choice.argument === undefined ? [] : [choice.argument]));
  }
}
