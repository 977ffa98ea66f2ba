// A text that is used but never shown: whatever prints, logs or serializes it gets asterisks.

import { inspect } from "node:util";

/** Answers the text of a secret by its name, or nothing where it has none. */
export type SecretProvider = (name: string) => string | undefined | Promise<string | undefined>;

const HIDDEN = "***";

/** Holds a token or password. `reveal` is the only way to the text, so a search for it finds every use. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    Object.defineProperty(this, inspect.custom, { value: () => HIDDEN });
  }

  /** The text itself, for the one line that sends it. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }
}
