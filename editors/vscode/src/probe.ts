/**
 * Ask a command for the server's version. Knows processes and time; not why the command is a candidate.
 */
import { execFile } from 'node:child_process';
import type { Command, Probe } from './interpreter';

export interface ProbeOptions {
  /** Working folder: never one of the workspace, whose files must not be taken for modules. */
  readonly folder: string;
  readonly milliseconds: number;
}

const VERSION = /^(?:specdrift|lsp_server)\s+v?(\d+\.\d+\S*)/m;

export function probe(command: Command, options: ProbeOptions): Promise<Probe> {
  return new Promise(resolve => {
    const settings = {
      cwd: options.folder, timeout: options.milliseconds, killSignal: 'SIGKILL' as const,
      encoding: 'utf8' as const, windowsHide: true,
    };
    execFile(command.command, [...command.args, '--version'], settings, (error, stdout, stderr) => {
      const version = VERSION.exec(stdout)?.[1];
      if (error === null && version !== undefined) resolve({ ok: true, version });
      else if (error?.killed === true) resolve({ ok: false, reason: `no answer within ${options.milliseconds / 1000} s` });
      else resolve({ ok: false, reason: explain(error, stdout, stderr) });
    });
  });
}

function explain(error: Error | null, stdout: string, stderr: string): string {
  if (stderr.includes('Unknown option: -P')) return 'this Python is older than 3.11';
  if (/No module named '?lsp_server\b/.test(stderr)) return 'the package specdrift is not installed there';
  if (error === null) return `this is another program: --version answered ${JSON.stringify(stdout.trim().slice(0, 80))}`;
  const last = stderr.trim().split(/\r?\n/).at(-1);
  return last === undefined || last === '' ? error.message : last;
}
