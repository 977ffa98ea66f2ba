// The secrets that a step asked for: where they come from, and how they are kept out of everything that leaves the step.

import { plain } from "../error-json.ts";
import { isStratigraphError, StratigraphError, type ErrorDetails } from "../errors.ts";
import { Secret, type SecretProvider } from "../util/secret.ts";
import { showValue } from "../util/show.ts";
import { describeThrown } from "./thrown.ts";

const NAME = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/;
const HIDDEN = "***";
/** Behind what was cut; see `showValue`. */
const CUT = "…";
/** Characters: shorter ones stand in texts by accident. */
const SHORTEST_CUT = 4;
const SHORTEST_INSIDE = 12;
const SHORTEST_LINE = 8;

/** "api-key" is STRATA_SECRET_API_KEY. */
export function secretVariable(name: string): string {
  return `STRATA_SECRET_${name.replace(/[^A-Za-z0-9]/g, "_").toUpperCase()}`;
}

/** Those of one step. */
export class StepSecrets {
  readonly #provider: SecretProvider | undefined;
  readonly #known = new Map<string, { readonly secret: Secret; readonly forms: readonly string[] }>();
  /** Every way in which one of them, or a line of one, may stand in a text; the longest first. */
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
    if (known !== undefined) return known.secret;
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
    const forms = formsOf(text);
    this.#known.set(name, { secret, forms });
    this.#forms = [...new Set([...this.#forms, ...forms, ...linesOf(text).flatMap(formsOf)])].sort(
      (a, b) => b.length - a.length,
    );
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
    return clean.includes(CUT) ? this.#redactCut(clean) : clean;
  }

  /** What was cut in the middle of a secret ends with its beginning. */
  #redactCut(text: string): string {
    const parts = text.split(CUT);
    return parts
      .map((part, index) => {
        if (index === parts.length - 1) return part;
        const length = this.#forms.reduce((most, form) => Math.max(most, overlap(part, form)), 0);
        return length < SHORTEST_CUT ? part : part.slice(0, -length) + HIDDEN;
      })
      .join(CUT);
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
    for (const [name, { forms }] of this.#known) {
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

/** With a secret as its end, how long a text ends with the beginning of it. */
function overlap(text: string, form: string): number {
  for (let length = Math.min(text.length, form.length - 1); length > 0; length--) {
    if (text.endsWith(form.slice(0, length))) return length;
  }
  return 0;
}

/** As it is, as JSON and in addresses and headers: other transformations are the producer's own doing. */
function formsOf(secret: string): string[] {
  const forms = [...new Set([secret, secret.trim()])].flatMap((text) => [
    text,
    JSON.stringify(text).slice(1, -1),
    showValue(text).slice(1, -1).replace(CUT, ""),
    encodeURIComponent(text),
    new URLSearchParams([["", text]]).toString().slice(1),
    ...base64Forms(text),
  ]);
  return [...new Set([...forms, ...forms.map((form) => JSON.stringify(form).slice(1, -1))])].filter(
    (one) => one !== "",
  );
}

/** Wherever it stands in what was encoded, as a password behind the name of a user does; without what depends on its neighbours. */
function base64Forms(text: string): string[] {
  const bytes = Buffer.from(text);
  const whole = bytes.toString("base64");
  const inside = [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    return encoded.slice(before === 0 ? 0 : before + 1, (before + bytes.length) % 3 === 0 ? undefined : -1);
  });
  const forms = [whole, whole.replace(/=+$/, ""), ...inside.filter((form) => form.length >= SHORTEST_INSIDE)];
  return forms.flatMap((form) => [form, form.replaceAll("+", "-").replaceAll("/", "_")]);
}

/** Programs and logs take a key of many lines line by line. */
function linesOf(text: string): string[] {
  const lines = text.split(/[\r\n]+/).map((line) => line.trim());
  return lines.length < 2 ? [] : lines.filter((line) => line.length >= SHORTEST_LINE);
}
