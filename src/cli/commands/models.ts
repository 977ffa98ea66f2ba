// strata models: the registry on the command line, a verb for each thing that can be done.

import { StratigraphError } from "../../errors.ts";
import { suggest } from "../../util/suggest.ts";
import { defineCommand, type Command } from "../command.ts";
import { compare } from "./models/compare.ts";
import { info } from "./models/info.ts";
import { download, remove } from "./models/keep.ts";
import { list } from "./models/list.ts";
import { alias, annotate, gates, label } from "./models/notes.ts";
import { register } from "./models/register.ts";
import { search } from "./models/search.ts";
import { archive, demote, promote, restore, rollback } from "./models/steps.ts";

const verbs: readonly Command[] = [
  list,
  info,
  register,
  promote,
  demote,
  rollback,
  archive,
  restore,
  compare,
  search,
  download,
  remove,
  gates,
  alias,
  label,
  annotate,
];

export const models: Command = defineCommand({
  name: "models",
  summary: "register model versions and see them through their stages",
  details: [
    "A version is in development, staging, production or archived; at most one of a model is in production. The registry is the project's, beside its database, or the one that --store names.",
  ],
  arguments: [{ shape: "<verb>", says: "one of those below" }],
  project: false,
  subcommands: verbs,
  examples: [
    { command: "strata models register model.onnx -m team/churn --metric auc=0.91", says: "a new version" },
    { command: "strata models promote -m team/churn -v 1.0.0 --to production", says: "and now it is live" },
    { command: "strata models list -m team/churn", says: "every version" },
  ],
  async run({ args }) {
    const words = verbs.map(({ name }) => name.slice("models ".length));
    const guess = suggest(args[0] ?? "", words);
    throw new StratigraphError("USAGE", `there is no 'strata models ${args[0]}'`, {
      expected: words.join(", "),
      hint: guess === undefined ? "See: strata models --help" : `Did you mean: strata models ${guess}?`,
    });
  },
});
