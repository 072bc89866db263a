/**
 * What a repair has to know before it can be made: questions one after the other, answers in the form that the server takes. Knows no VS Code.
 */
export interface Choice {
  /** `null`: none of it. */
  readonly answer: string | null;
  readonly text: string;
}

export interface Question {
  readonly key: string;
  readonly subject: string;
  readonly text: string;
  /** Empty: a text is wanted. */
  readonly choices: readonly Choice[];
  readonly expected: string;
  readonly suggestion: string | null;
  /** What happens without an answer; empty: there must be one. */
  readonly otherwise: string;
}

export type Answers = Record<string, Record<string, string | null>>;

export interface Input {
  readonly title: string;
  readonly prompt: string;
  readonly value: string;
  /** May it stay empty? */
  readonly optional: boolean;
}

/** How a person is asked. `undefined`: they gave up. */
export interface Person {
  choose(title: string, choices: readonly Choice[]): PromiseLike<Choice | undefined>;
  type(input: Input): PromiseLike<string | undefined>;
}

/** The answers with those to the questions, or `undefined` if the person gave up. */
export async function askAll(questions: readonly Question[], known: Answers, person: Person): Promise<Answers | undefined> {
  const answers: Answers = structuredClone(known);
  for (const question of questions) {
    const answer = await ask(question, person);
    if (answer === undefined) return undefined;
    (answers[question.key] ??= {})[question.subject] = answer;
  }
  return answers;
}

async function ask(question: Question, person: Person): Promise<string | null | undefined> {
  if (question.choices.length > 0) return (await person.choose(question.text, question.choices))?.answer;
  const optional = question.otherwise !== '';
  const text = await person.type({
    title: question.text,
    prompt: optional ? `${question.expected}; empty: ${question.otherwise}` : question.expected,
    value: question.suggestion ?? '',
    optional,
  });
  if (text?.trim() === '') return optional ? null : undefined;
  return text;
}
