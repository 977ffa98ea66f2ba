// strata config: every setting, its value, and whose word it is.

import type { Annotated, LoadedConfig } from "../../config/load.ts";
import { describeVariables } from "../../config/environment.ts";
import { shownValue } from "../../config/shown.ts";
import { StratigraphError } from "../../errors.ts";
import { suggest } from "../../util/suggest.ts";
import { defineCommand, flag, text, type Answer, type Call, type Command } from "../command.ts";
import { findProject, type Project } from "../project.ts";
import { escapeText } from "../terminal/escape.ts";
import { table } from "../terminal/table.ts";

interface Options {
  readonly origin: boolean;
  readonly variables: boolean;
  readonly producer: string | undefined;
}

const show: Command = defineCommand({
  name: "config show",
  summary: "show every setting with its value; the word show may be left out",
  details: [
    "From the weakest to the strongest: defaults, the profile's, the file, the environment, the program, the graph's annotation, the producer's.",
  ],
  options: {
    origin: flag("--origin", "also say which layer each value comes from, and where it stands"),
    variables: flag("--variables", "instead, list the variables of the environment that stand for settings"),
    producer: text("--producer <name>", "as they are for this producer of the graph"),
  },
  examples: [
    { command: "strata config show --origin", says: "what counts here, and why" },
    { command: "strata config show --producer train --json", says: "for one producer, as JSON" },
  ],
  run: (call) => showConfig(call, call.options),
});

export const config: Command = defineCommand({
  name: "config",
  summary: "show every setting, and where its value comes from",
  subcommands: [show],
  options: {
    origin: flag("--origin", "also say which layer each value comes from, and where it stands"),
  },
  examples: [{ command: "strata config show --origin", says: "what counts here, and why" }],
  run: (call) => showConfig(call, { ...call.options, variables: false, producer: undefined }),
});

async function showConfig(call: Call, { origin, variables, producer }: Options): Promise<Answer> {
  if (variables) return variableList();
  const project = await findProject(call);
  const loaded = await settingsOf(project, producer);
  for (const notice of loaded.notices) call.terminal.warn(call.terminal.colors.yellow(`note: ${notice}`));
  const { colors } = call.terminal;
  const rows = loaded.origins.map((setting) => {
    const value = escapeText(valueText(shownValue(setting)));
    const { layer, where } = setting;
    const from = layer === "default" ? "default" : `${layer}: ${where}`;
    return [
      setting.path,
      layer === "default" ? colors.dim(value) : value,
      ...(origin ? [colors.dim(escapeText(from))] : []),
    ];
  });
  return { json: asJson(loaded), lines: table(rows) };
}

async function settingsOf(project: Project, producer: string | undefined): Promise<LoadedConfig> {
  if (producer === undefined) return project.settings();
  const { name, definition } = await project.graph();
  const producers = definition.calls.map((one) => one.producer);
  const found = producers.find((one) => one.name === producer);
  if (found === undefined) {
    const names = producers.map((one) => one.name);
    const guess = suggest(producer, names);
    throw new StratigraphError("USAGE", `graph '${name}' has no producer '${producer}'`, {
      expected: names.map((one) => `'${one}'`).join(", "),
      hint: guess === undefined ? undefined : `Did you mean '${guess}'?`,
    });
  }
  const graph: Annotated = { name, annotations: definition.annotations };
  return project.settings({ graph, producer: found });
}

function asJson({ origins, files, notices }: LoadedConfig): unknown {
  const settings = origins.map((setting) => [
    setting.path,
    { value: shownValue(setting), layer: setting.layer, where: setting.where },
  ]);
  return { files, notices, settings: Object.fromEntries(settings) as unknown };
}

function variableList(): Answer {
  const variables = describeVariables();
  return {
    json: { variables },
    lines: table(variables.map(({ name, path, says }) => [name, path ?? "", escapeText(says)])),
  };
}

function valueText(value: unknown): string {
  return value === null ? "-" : typeof value === "string" ? value : JSON.stringify(value);
}
