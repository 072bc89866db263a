/**
 * Findings as numbers and numbers as words. Knows no VS Code.
 */
export const SOURCE = 'specdrift';

export interface Count {
  readonly error: number;
  readonly warning: number;
  /** Information and hints. */
  readonly info: number;
  readonly total: number;
}

/** Counts what this server has found; `severity` as VS Code numbers it: 0 error, 1 warning, 2 and 3 the rest. */
export function countFindings(diagnostics: Iterable<{ readonly source?: string | undefined; readonly severity: number }>): Count {
  let error = 0, warning = 0, info = 0;
  for (const { source, severity } of diagnostics) {
    if (source !== SOURCE) continue;
    if (severity === 0) error++;
    else if (severity === 1) warning++;
    else info++;
  }
  return { error, warning, info, total: error + warning + info };
}

export function describe(count: Pick<Count, 'error' | 'warning' | 'info'>): string {
  const parts = [
    plural(count.error, 'error', 'errors'),
    plural(count.warning, 'warning', 'warnings'),
    plural(count.info, 'note', 'notes'),
  ].filter(each => each !== '');
  return parts.length === 0 ? 'no findings' : parts.join(', ');
}

export function plural(number: number, one: string, many: string): string {
  return number === 0 ? '' : `${number} ${number === 1 ? one : many}`;
}
