/**
 * A run of the agent as a page for people. Knows no VS Code.
 *
 * What the model says, and what was read from files, is shown as it is: in a fence, where neither a link nor an image of it comes alive.
 */
import { plural } from './count';

/** What `specdrift.server.runAgent` answers. */
export interface Outcome {
  readonly run: string;
  /** `done`, `gave-up`, `cancelled`, `budget`, `refused` or `model-error`. */
  readonly ended: string;
  /** Does the verdict hold? */
  readonly ok: boolean;
  /** Did the person take the change? */
  readonly applied: boolean;
  readonly verdict: readonly string[];
  /** The model's last words: a claim, no result. */
  readonly summary: string;
  readonly tokens: number;
  /** US dollars; `null`: the model's price is not known. */
  readonly cost: number | null;
  readonly seconds: number;
}

export function isOutcome(value: unknown): value is Outcome {
  return typeof value === 'object' && value !== null && 'run' in value && 'ended' in value && 'verdict' in value;
}

export function title(outcome: Outcome): string {
  if (!outcome.ok) return `No change (${outcome.ended})`;
  return outcome.applied ? 'The verdict holds; the change was applied' : 'The verdict holds; the change was not applied';
}

export function page(outcome: Outcome): string {
  const cost = outcome.cost === null ? 'cost not known' : `about $${outcome.cost.toFixed(outcome.cost < 0.1 ? 3 : 2)}`;
  const parts = [
    `# ${title(outcome)}`,
    `${plural(outcome.tokens, 'token', 'tokens') || 'no tokens'}, ${cost}, ${outcome.seconds} s; run \`${outcome.run}\``,
    '## What the checker says',
    fenced(outcome.verdict.length === 0 ? 'Nothing to tell.' : outcome.verdict.join('\n')),
  ];
  if (outcome.summary.trim() !== '') parts.push('## What the model says', fenced(outcome.summary.trim()));
  return `${parts.join('\n\n')}\n`;
}

/** A block that the text cannot close. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(run => run[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}
