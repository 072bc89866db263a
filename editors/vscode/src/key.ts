/**
 * The model's key: kept in a secret storage, and handed to the server's environment and to nothing else. Knows no VS Code.
 */
export const VARIABLE = 'ANTHROPIC_API_KEY';
export const SECRET = 'specdrift.anthropicApiKey';

/** What an editor keeps secrets in. */
export interface Secrets {
  get(name: string): PromiseLike<string | undefined>;
}

/** For the server's environment: empty where no key is kept, so that the person's own environment counts. */
export async function environmentOf(secrets: Secrets): Promise<Record<string, string>> {
  let key: string | undefined;
  try {
    key = await secrets.get(SECRET);
  } catch { // a machine without a keyring: everything but the agent works there
    return {};
  }
  return key === undefined || key === '' ? {} : { [VARIABLE]: key };
}

/** A key as a person pastes it; `undefined`: this is none. */
export function keyOf(text: string): string | undefined {
  const key = text.trim();
  return /^[\x21-\x7e]+$/.test(key) ? key : undefined;
}
