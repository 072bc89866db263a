/**
 * The life of the one server of this window: found, started, restarted, stopped.
 *
 * All workspace folders are served by one process. What the server can do is not known here.
 */
import * as vscode from 'vscode';
import { CloseAction, ErrorAction, ExecuteCommandRequest, LanguageClient, State } from 'vscode-languageclient/node';
import type { ErrorHandler, LanguageClientOptions } from 'vscode-languageclient/node';
import { RUN_AGENT } from './agent';
import { findServer, type Candidate, type Search } from './interpreter';
import { thenShowWhatWasWritten } from './repairs';
import { onInterpreterChange, surroundings } from './surroundings';

export type Phase = 'starting' | 'running' | 'stopped' | 'failed';

/** Commands of this extension that the server may put into a code lens, a code action or a link. */
export const CLIENT_COMMANDS = ['specdrift.showReferences', 'specdrift.explainRule', 'specdrift.answer'] as const;

const DOCUMENTS: NonNullable<LanguageClientOptions['documentSelector']> = [
  { scheme: 'file', language: 'python' },
  { scheme: 'file', language: 'yaml' },
  { scheme: 'file', language: 'json' },
  { scheme: 'file', language: 'jsonc' },
  { scheme: 'file', language: 'markdown' },
  { scheme: 'file', pattern: '**/{pyproject,specdrift}.toml' },
  { scheme: 'file', pattern: '**/alembic.ini' },
];

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private queue: Promise<void> = Promise.resolve();
  private interpreterListener: vscode.Disposable | undefined;
  private readonly phaseChanged = new vscode.EventEmitter<Phase>();
  readonly onPhase = this.phaseChanged.event;
  phase: Phase = 'stopped';
  /** Why the server does not run; shown in the status item. */
  failure = '';
  running: Candidate & { readonly version: string } | undefined;

  /** What is added to the environment of the server, asked at each start. Secret: it is in no log and no message. */
  environment: () => Promise<Record<string, string>> = async () => ({});
  /** What came of a run of the agent that an action of the server began. */
  onRun: (outcome: unknown) => Promise<void> = async () => {};

  constructor(private readonly output: vscode.LogOutputChannel, private readonly storage: vscode.Uri) {}

  /** Stop what runs and start anew. Calls wait for each other, so that never two servers run. */
  restart(): Promise<void> {
    this.queue = this.queue.then(() => this.startAnew());
    return this.queue;
  }

  /** Stop for good. */
  stop(): Promise<void> {
    this.queue = this.queue.then(() => this.stopClient());
    return this.queue;
  }

  /** Run a command of the server. Rejects if there is no server or it refuses. */
  async execute<Result>(command: string, ...args: unknown[]): Promise<Result> {
    return (await this.connection()).sendRequest(ExecuteCommandRequest.method, { command, arguments: args });
  }

  /** The connected client, once a start that is under way has ended. */
  async connection(): Promise<LanguageClient> {
    await this.queue;
    if (this.client?.state !== State.Running) throw new Error(this.failure || 'The server does not run.');
    return this.client;
  }

  dispose(): void {
    this.interpreterListener?.dispose();
    this.phaseChanged.dispose();
  }

  private async startAnew(): Promise<void> {
    await this.stopClient();
    this.enter('starting');
    try {
      // The server gets a working folder of its own: see SERVER_ARGUMENTS.
      await vscode.workspace.fs.createDirectory(this.storage);
      const search = await findServer(surroundings(this.storage.fsPath));
      this.listenToPythonExtension();
      this.log(search);
      if (search.found === undefined) {
        this.fail('No server was found.');
        void this.tellNotFound(search);
        return;
      }
      this.running = search.found;
      this.client = this.newClient(search.found, await this.environment());
      await this.client.start();
    } catch (error) { // the client rejects with a plain string when the program cannot be started
      this.fail(error instanceof Error ? error.message : String(error));
      void this.tell(`Specdrift could not start its server: ${this.failure}`);
    }
  }

  private newClient(found: Candidate, environment: Record<string, string>): LanguageClient {
    let usual: ErrorHandler | undefined; // the client's own handler, which only a client can make
    const options: LanguageClientOptions = {
      documentSelector: DOCUMENTS,
      outputChannel: this.output,
      initializationOptions: {
        trusted: vscode.workspace.isTrusted,
        clientCommands: CLIENT_COMMANDS,
        findingsInHover: false, // VS Code's hovers show diagnostics themselves
      },
      middleware: {
        resolveCodeAction: thenShowWhatWasWritten,
        executeCommand: async (command, args, next) => {
          const result: unknown = await next(command, args);
          if (command === RUN_AGENT) await this.onRun(result);
          return result;
        },
      },
      // The patterns of watched files are the server's: it registers them, and the client obeys.
      synchronize: { configurationSection: 'specdrift' },
      // As usual, a server that ends is started again, a few times; here the last end is also shown.
      errorHandler: {
        error: (error, message, count) => usual?.error(error, message, count) ?? { action: ErrorAction.Continue },
        closed: async () => {
          const decision = await usual?.closed() ?? { action: CloseAction.DoNotRestart };
          if (decision.action === CloseAction.DoNotRestart) this.ended();
          return { ...decision, handled: true };
        },
      },
    };
    const client = new LanguageClient('specdrift', 'Specdrift', {
      command: found.command, args: [...found.args], options: { cwd: this.storage.fsPath, env: environment },
    }, options);
    usual = client.createDefaultErrorHandler();
    client.onDidChangeState(({ newState }) => {
      if (this.client !== client) return;
      if (newState === State.Running) this.enter('running');
      else if (newState === State.Starting) this.enter('starting');
    });
    return client;
  }

  private ended(): void {
    this.fail('The server ended again and again.');
    void this.tell('Specdrift: the server ended again and again and is not started any more.', 'Restart Server');
  }

  private async stopClient(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    this.running = undefined;
    try {
      await client?.dispose();
    } catch (error) { // it would not end in time or had ended already: the client has killed it
      this.output.warn(`While stopping the server: ${String(error)}`);
    }
    this.enter('stopped');
  }

  private listenToPythonExtension(): void {
    this.interpreterListener?.dispose();
    this.interpreterListener = onInterpreterChange(() => {
      if (this.running === undefined || this.running.source === 'Python extension') void this.restart();
    });
  }

  private enter(phase: Phase): void {
    this.phase = phase;
    if (phase !== 'failed') this.failure = '';
    this.phaseChanged.fire(phase);
  }

  private fail(why: string): void {
    this.failure = why;
    this.output.error(why);
    this.enter('failed');
  }

  private log(search: Search): void {
    for (const { candidate, reason } of search.tried) {
      this.output.info(`Not used: ${commandLine(candidate)} (${candidate.source}): ${reason}`);
    }
    if (search.found !== undefined) {
      this.output.info(`Server ${search.found.version}: ${commandLine(search.found)} (${search.found.source})`);
    }
  }

  private tellNotFound(search: Search): Promise<void> {
    const [only, ...others] = search.tried;
    return this.tell(only !== undefined && others.length === 0 && only.candidate.source.startsWith('setting')
      ? `Specdrift: ${only.candidate.command} (${only.candidate.source}) does not work: ${only.reason}.`
      : 'Specdrift found no Python 3.11 or newer with the package specdrift. Install it (pip install specdrift) or name its Python in the settings.',
    );
  }

  private async tell(message: string, ...more: 'Restart Server'[]): Promise<void> {
    const choice = await vscode.window.showErrorMessage(message, ...more, 'Open Settings', 'Show Output');
    if (choice === 'Restart Server') await this.restart();
    else if (choice === 'Open Settings') await vscode.commands.executeCommand('workbench.action.openSettings', 'specdrift.');
    else if (choice === 'Show Output') this.output.show();
  }
}

export function commandLine(command: { readonly command: string; readonly args: readonly string[] }): string {
  return [command.command, ...command.args].join(' ');
}
