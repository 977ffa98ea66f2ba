// The secrets that a step asked for: where they come from, and how they are kept out of everything that leaves the step.

import { plain } from "../error-json.ts";
import { isStratigraphError, StratigraphError, type ErrorDetails } from "../errors.ts";
import { Secret, type SecretProvider } from "../util/secret.ts";
import { showValue } from "../util/show.ts";
import { describeThrown } from "./thrown.ts";

const NAME = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/;
const HIDDEN = "***";

/** "api-key" is STRATA_SECRET_API_KEY. */
export function secretVariable(name: string): string {
  return `STRATA_SECRET_${name.replace(/[^A-Za-z0-9]/g, "_").toUpperCase()}`;
}

/** Those of one step. */
export class StepSecrets {
  readonly #provider: SecretProvider | undefined;
  readonly #known = new Map<string, Secret>();
  /** Every way in which one of them may stand in a text, the longest first. */
  #forms: readonly string[] = [];

  constructor(provider: SecretProvider | undefined) {
    this.#provider = provider;
  }

  /** The names that were asked for and given, in order. */
  get names(): readonly string[] {
    return [...this.#known.keys()].sort();
  }

  /** The environment wins over the provider. Error: SECRET_MISSING. */
  async read(name: string, where: string): Promise<Secret> {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    if (typeof name !== "string" || !NAME.test(name)) {
      throw new StratigraphError("SECRET_MISSING", "this cannot be the name of a secret", {
        where,
        expected: "a letter, then letters, digits, dots, dashes and underscores, at most 64",
        received: showValue(name),
      });
    }
    const variable = secretVariable(name);
    const text = process.env[variable] || (await this.#ask(name, where));
    if (text === undefined || text === "") {
      throw new StratigraphError("SECRET_MISSING", `there is no secret '${name}'`, {
        where,
        expected: `the variable ${variable}, or a \`secrets\` function in the configuration that answers it`,
      });
    }
    const secret = new Secret(text);
    this.#known.set(name, secret);
    this.#forms = [...new Set([...this.#forms, ...formsOf(text)])].sort((a, b) => b.length - a.length);
    return secret;
  }

  async #ask(name: string, where: string): Promise<string | undefined> {
    if (this.#provider === undefined) return undefined;
    let given: unknown;
    try {
      given = await this.#provider(name);
    } catch (thrown) {
      throw new StratigraphError("SECRET_MISSING", `the provider of secrets failed: ${describeThrown(thrown)}`, {
        where: `${where}, secret '${name}'`,
      });
    }
    if (given === undefined || typeof given === "string") return given;
    throw new StratigraphError("SECRET_MISSING", "the provider of secrets answers a text or undefined", {
      where: `${where}, secret '${name}'`,
      received: typeof given,
    });
  }

  /** The same text with *** for every secret. */
  redact(text: string): string {
    let clean = text;
    for (const form of this.#forms) clean = clean.replaceAll(form, HIDDEN);
    return clean;
  }

  /** The same error without secrets, in its messages, its stack, its values and its causes. */
  redactError<E>(error: E): E {
    if (this.#forms.length === 0) return error;
    return this.#clean(error, 0) as E;
  }

  /** Where one of them is part of a value, its name. */
  within(value: unknown): string | undefined {
    if (this.#forms.length === 0) return undefined;
    const seen = new Set<object>();
    const open: unknown[] = [value];
    while (open.length > 0) {
      const next = open.pop();
      if (typeof next === "string") {
        const found = this.#named(next);
        if (found !== undefined) return found;
      } else if (next instanceof Uint8Array) {
        const found = this.#named(Buffer.from(next.buffer, next.byteOffset, next.byteLength).toString("latin1"), true);
        if (found !== undefined) return found;
      } else if (typeof next === "object" && next !== null && !seen.has(next)) {
        seen.add(next);
        if (next instanceof Map) for (const [name, inner] of next) open.push(name, inner);
        else if (next instanceof Set) for (const inner of next) open.push(inner);
        else for (const [name, inner] of Object.entries(next)) open.push(name, inner);
      }
    }
    return undefined;
  }

  #named(text: string, bytes = false): string | undefined {
    for (const [name, secret] of this.#known) {
      const forms = formsOf(secret.reveal());
      if (forms.some((form) => text.includes(bytes ? Buffer.from(form).toString("latin1") : form))) return name;
    }
    return undefined;
  }

  #clean(thrown: unknown, depth: number): unknown {
    if (typeof thrown === "string") return this.redact(thrown);
    if (!(thrown instanceof Error) && !isStratigraphError(thrown)) {
      return typeof thrown === "object" && thrown !== null ? new Error(this.redact(describeThrown(thrown))) : thrown;
    }
    const cause = thrown.cause === undefined || depth > 8 ? undefined : this.#clean(thrown.cause, depth + 1);
    if (isStratigraphError(thrown)) {
      const { code, what, where, expected, received, hint, data, frames } = thrown;
      const details = this.#cleanValue({ where, expected, received, hint, data: plain(data), frames: plain(frames) });
      return new StratigraphError(code, this.redact(what), { ...(details as ErrorDetails), cause });
    }
    const clean = new Error(this.redact(thrown.message), cause === undefined ? {} : { cause });
    clean.name = this.redact(thrown.name);
    if (thrown.stack !== undefined) clean.stack = this.redact(thrown.stack);
    return clean;
  }

  /** Plain values with every text in them redacted. */
  #cleanValue(value: unknown): unknown {
    if (typeof value === "string") return this.redact(value);
    if (Array.isArray(value)) return value.map((inner) => this.#cleanValue(inner));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [this.redact(name), this.#cleanValue(inner)]),
    );
  }
}

/** As it is, as JSON and in addresses and headers: other transformations are the producer's own doing. */
function formsOf(text: string): string[] {
  const forms = [
    text,
    JSON.stringify(text).slice(1, -1),
    encodeURIComponent(text),
    Buffer.from(text).toString("base64"),
  ];
  return [...forms, ...forms.map((form) => JSON.stringify(form).slice(1, -1))];
}
