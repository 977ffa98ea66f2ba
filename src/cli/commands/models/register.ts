// strata models register: a new version from a file or folder, or from something that was built.

import { resolve } from "node:path";
import { defineCommand, text, texts, type Command } from "../../command.ts";
import { StratigraphError } from "../../../errors.ts";
import type { RegisterFields } from "../../../registry/registering.ts";
import type { Json } from "../../../backend/records.ts";
import { escapeText } from "../../terminal/escape.ts";
import { versionJson } from "./lines.ts";
import {
  actorOptions,
  modelOf,
  modelOptions,
  readGates,
  readNumber,
  readPairs,
  readValue,
  writing,
} from "./options.ts";

export const register: Command = defineCommand({
  name: "models register",
  summary: "a new version, from a file or folder, or from something that was built",
  details: ["The number is the next one unless --version names it. Nothing is used up where the file is not there."],
  project: false,
  arguments: [{ shape: "[path]", says: "the model's file or folder" }],
  options: {
    ...modelOptions,
    version: text("-v, --version <version>", "this number, instead of the next"),
    bump: text("--bump <part>", "which next one: patch (unless told), minor or major"),
    from: text("--from <artifact>", "an artifact that was built, instead of a path"),
    graph: text("--graph <name>", "the graph --from is of"),
    snapshot: text("--snapshot <ref>", "the snapshot --from is of; latest unless told"),
    key: text("--key <key>", "the partition --from is of, as date=2026-01-02"),
    metric: texts("--metric <name=number...>", "what was measured"),
    param: texts("--param <name=value...>", "a hyperparameter"),
    metadata: texts("--metadata <name=value...>", "anything else; values may be JSON"),
    label: texts("--label <name=value...>", "to search by"),
    framework: text("--framework <name>", "what it was made with: sklearn, xgboost, …"),
    type: text("--type <name>", "what its bytes are: onnx, json, …"),
    description: text("--description <text>", "what it is"),
    run: text("--run <id>", "the run it comes from"),
    gates: text("--gates <file>", "gates of this version, as a JSON file or JSON itself"),
    ...actorOptions,
  },
  examples: [
    { command: "strata models register model.onnx -m team/churn --metric auc=0.91", says: "the next version" },
    { command: "strata models register -m team/churn --graph churn --from model", says: "from what was built last" },
  ],
  run: (call) =>
    writing(call, async ({ registry, namespace }) => {
      const { options, args, cwd } = call;
      const name = modelOf(options, "register", { namespace });
      const path = args[0];
      if ((path === undefined) === (options.from === undefined)) {
        throw new StratigraphError("USAGE", "say in one way what the version is made of", {
          expected: "a path, or --from with an artifact",
        });
      }
      const fields: RegisterFields = {
        ...name,
        version: options.version,
        bump: bumpOf(options.bump),
        metrics: Object.fromEntries(
          readPairs(options.metric, "--metric").map(([key, value]) => [key, readNumber(value, "--metric")]),
        ),
        hyperparameters: jsonPairs(options.param, "--param"),
        metadata: jsonPairs(options.metadata, "--metadata"),
        labels: Object.fromEntries(readPairs(options.label, "--label")),
        framework: options.framework,
        artifactType: options.type,
        description: options.description,
        runId: options.run,
        gates: options.gates === undefined ? undefined : readGates(options.gates, call),
        by: options.by,
        reason: options.reason,
        signal: call.signal,
      };
      const version = await (path !== undefined
        ? registry.register({ ...fields, artifact: resolve(cwd, path) })
        : registry.register({
            ...fields,
            from: { graph: options.graph, snapshot: options.snapshot, artifact: options.from!, key: options.key },
          }));
      const { green } = call.terminal.colors;
      return {
        json: versionJson(version),
        lines: [
          `${green("[OK]")} ${escapeText(`${version.namespace}/${version.name}`)} v${version.version} registered in ${version.stage}`,
        ],
      };
    }),
});

function jsonPairs(given: true | readonly string[] | undefined, option: string): Record<string, Json> {
  return Object.fromEntries(readPairs(given, option).map(([key, value]) => [key, readValue(value) as Json]));
}

function bumpOf(given: string | undefined): "patch" | "minor" | "major" | undefined {
  if (given === undefined || given === "patch" || given === "minor" || given === "major") return given;
  throw new StratigraphError("USAGE", "--bump cannot be that", {
    expected: "patch, minor or major",
    received: `'${given}'`,
  });
}
