/**
 * Where to look after an edit of several files. Knows no VS Code.
 */
export interface Written {
  readonly uri: string;
  /** Before the edit. */
  readonly exists: boolean;
  /** Lines count from 0, as they were before the edit. */
  readonly edits: readonly { readonly start: number; readonly end: number; readonly text: string }[];
}

/**
 * The longest insertion into a file that was there before: a new endpoint rather than its import or its test. Else the first
 * line of a new file, such as a migration. The line is that after the edit.
 */
export function placeToLook(files: readonly Written[]): { readonly uri: string; readonly line: number } | undefined {
  const changed = files.filter(each => each.exists && each.edits.length > 0);
  const [main] = changed
    .flatMap(file => file.edits.map(edit => ({ file, edit })))
    .sort((one, other) => other.edit.text.length - one.edit.text.length);
  if (main === undefined) return files[0] === undefined ? undefined : { uri: files[0].uri, line: 0 };
  const moved = main.file.edits
    .filter(each => each.start < main.edit.start)
    .reduce((lines, each) => lines + newlines(each.text) - (each.end - each.start), 0);
  const blank = /^\s*\n/.exec(main.edit.text)?.[0] ?? ''; // empty lines that set the new part apart
  return { uri: main.file.uri, line: main.edit.start + moved + newlines(blank) };
}

function newlines(text: string): number {
  return text.split('\n').length - 1;
}
