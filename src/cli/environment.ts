// --env: the environment a command builds for or looks at.

import { StratigraphError } from "../errors.ts";
import { text, type Call, type Option } from "./command.ts";

export const buildsFor: Option<string | undefined> = text(
  "--env <name>",
  "for this environment; STRATA_ENV unless told",
);
export const looksAt: Option<string | undefined> = text(
  "--env <name>",
  "what this environment has; STRATA_ENV unless told",
);

interface Named {
  readonly env: string | undefined;
}

/** `undefined`: none is meant. */
export function environmentOf({ options, env }: Pick<Call<Named>, "options" | "env">): string | undefined {
  const { STRATA_ENV: standing } = env;
  return options.env ?? (standing === "" ? undefined : standing);
}

/** The snapshot a command looks at: the one named, or the environment's, or the latest. Error: USAGE. */
export function referenceOf(call: Call<Named & { readonly snapshot: string | undefined }>): string {
  const { snapshot, env } = call.options;
  if (snapshot !== undefined && env !== undefined) {
    throw new StratigraphError("USAGE", "--snapshot and --env exclude each other");
  }
  return snapshot ?? environmentOf(call) ?? "latest";
}
