// The options every verb of `strata models` shares, and what they mean together.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { ModelName } from "../../../backend/model-records.ts";
import { StratigraphError } from "../../../errors.ts";
import type { GateSettings } from "../../../registry/gate.ts";
import { parseModelName } from "../../../registry/name.ts";
import { parseVersionRef } from "../../../registry/reference.ts";
import { showValue } from "../../../util/show.ts";
import { text, type Call, type Option } from "../../command.ts";
import { withFacts, type Facts } from "../../facts.ts";

type TextOption = Option<string | undefined>;

export const storeOption: { readonly store: TextOption } = {
  store: text("-s, --store <place>", "another registry: a folder, file:<folder> or sqlite:<file>"),
};

export const modelOptions: {
  readonly useCase: TextOption;
  readonly usecase: TextOption;
  readonly namespace: TextOption;
  readonly model: TextOption;
  readonly store: TextOption;
} = {
  useCase: text("-u, --use-case <name>", "the model's namespace: a use case, team or catalog"),
  usecase: text("--usecase <name>", "the same"),
  namespace: text("-n, --namespace <name>", "the same"),
  model: text("-m, --model <name>", "the model; with its namespace also as team/churn"),
  ...storeOption,
};

export const versionOption: { readonly version: TextOption } = {
  version: text("-v, --version <version>", "1.3.0, #7 (the seventh), @production, @latest or an alias"),
};

export const actorOptions: { readonly by: TextOption; readonly reason: TextOption } = {
  by: text("--by <name>", "who does it; you, unless told"),
  reason: text("--reason <text>", "why, for history and audit log"),
};

type Given = { readonly [Name in keyof typeof modelOptions]: string | undefined };

/** The namespace, in whichever of its three words. */
export function namespaceOf({ useCase, usecase, namespace }: Partial<Given>): string | undefined {
  const given = [useCase, usecase, namespace].filter((one) => one !== undefined);
  if (new Set(given).size > 1) {
    throw new StratigraphError("USAGE", "the namespace is said twice", {
      received: given.map((one) => showValue(one)).join(" and "),
    });
  }
  return given[0];
}

/** `namespace`: of models that are named without one. Errors: USAGE where --model is missing, VALIDATION_FAILED for what is no name. */
export function modelOf(options: Given, verb: string, { namespace: standard }: Pick<Facts, "namespace">): ModelName {
  const { model } = options;
  const namespace = namespaceOf(options);
  if (model === undefined) throw missing("--model", "-m churn", verb);
  return parseModelName(namespace === undefined ? model : { namespace, name: model }, standard);
}

/** The reference of a version. Errors: USAGE where --version is missing, VALIDATION_FAILED for what names none. */
export function versionOf(
  options: Given & { readonly version: string | undefined },
  verb: string,
  facts: Pick<Facts, "namespace">,
): ModelName & { readonly version: string } {
  const name = modelOf(options, verb, facts);
  if (options.version === undefined) throw missing("--version", "-v 1.3.0", verb);
  const { version } = options;
  parseVersionRef(version, "--version");
  return { ...name, version };
}

/** "team/churn@1.3.0" as the registry reads it. */
export function refOf({ namespace, name, version }: ModelName & { readonly version?: string | undefined }): string {
  if (version === undefined) return `${namespace}/${name}`;
  return `${namespace}/${name}${/^[#@]/.test(version) ? "" : "@"}${version}`;
}

export function missing(option: string, example: string, verb: string): StratigraphError {
  return new StratigraphError("USAGE", `${option} is missing`, { hint: `Such as: strata models ${verb} ${example}` });
}

/** Gates in a JSON file, or as JSON itself. Errors: CONFIG_INVALID for what is no JSON. */
export function readGates(given: string, { cwd }: Pick<Call, "cwd">): GateSettings {
  const inline = given.trimStart().startsWith("{");
  try {
    return JSON.parse(inline ? given : readFileSync(resolve(cwd, given), "utf8")) as GateSettings;
  } catch (cause) {
    throw new StratigraphError("CONFIG_INVALID", "the gates cannot be read", {
      where: inline ? "--gates" : given,
      expected: 'a file with JSON like { "min_auc": 0.85 }',
      received: cause instanceof Error ? cause.message : undefined,
      cause,
    });
  }
}

/** `auc=0.9` as its parts, each name once. Error: USAGE. */
export function readPairs(given: true | readonly string[] | undefined, option: string): [string, string][] {
  if (given === undefined) return [];
  const list = given === true ? [""] : given;
  const names = new Set<string>();
  return list.map((pair) => {
    const at = pair.indexOf("=");
    const name = pair.slice(0, at);
    if (at > 0 && !names.has(name)) {
      names.add(name);
      return [name, pair.slice(at + 1)];
    }
    throw new StratigraphError("USAGE", `${option} cannot be that`, {
      expected: `${option} name=value${at > 0 ? ", each name once" : ""}`,
      received: showValue(pair),
    });
  });
}

/** A value as JSON where it is some, else as text. */
export function readValue(given: string): unknown {
  try {
    return JSON.parse(given) as unknown;
  } catch {
    return given;
  }
}

/** A number. Error: USAGE. */
export function readNumber(given: string, option: string): number {
  const value = given.trim() === "" ? Number.NaN : Number(given);
  if (Number.isFinite(value)) return value;
  throw new StratigraphError("USAGE", `${option} takes numbers`, { received: showValue(given) });
}

type StoreCall = Call<{ readonly store: string | undefined; readonly by?: string | undefined }>;

export function reading<T>(call: StoreCall, work: (facts: Facts) => Promise<T>): Promise<T> {
  return withFacts(call, work, { store: call.options.store });
}

export function writing<T>(call: StoreCall, work: (facts: Facts) => Promise<T>): Promise<T> {
  return withFacts(call, work, { store: call.options.store, readOnly: false, by: call.options.by });
}
