// strata models gates, alias, label, annotate: what people say about a model or version later.

import type { Cursor } from "../../../backend/records.ts";
import { StratigraphError } from "../../../errors.ts";
import { defineCommand, flag, text, texts, whole, type Answer, type Call, type Command } from "../../command.ts";
import { escapeText } from "../../terminal/escape.ts";
import { moment } from "../../terminal/quantity.ts";
import { table } from "../../terminal/table.ts";
import type { Facts } from "../../facts.ts";
import {
  actorOptions,
  missing,
  modelOf,
  modelOptions,
  readGates,
  reading,
  readPairs,
  refOf,
  versionOf,
  versionOption,
  writing,
} from "./options.ts";

type ModelOptions = Parameters<typeof modelOf>[0];
type TargetOptions = Parameters<typeof versionOf>[0];

/** The version where one is named, else the model. */
function targetOf(options: TargetOptions, verb: string, facts: Pick<Facts, "namespace">): string {
  return refOf(options.version === undefined ? modelOf(options, verb, facts) : versionOf(options, verb, facts));
}

export const gates: Command = defineCommand({
  name: "models gates",
  summary: "show, set or clear what a model, or one version, must pass",
  project: false,
  options: {
    ...modelOptions,
    version: text("-v, --version <version>", "of this version alone, instead of the model's"),
    set: text("--set <file>", "store these: a JSON file, or JSON itself"),
    clear: flag("--clear", "take them away"),
    ...actorOptions,
  },
  examples: [
    { command: "strata models gates -m team/churn", says: "what counts now" },
    { command: `strata models gates -m team/churn --set '{"min_auc": 0.9}'`, says: "from now on" },
  ],
  run: (call) => {
    const { set, clear, by } = call.options;
    if (set === undefined && !clear) {
      return reading(call, async ({ registry, namespace }) => {
        const { model, version, effective } = await registry.showGates(targetOf(call.options, "gates", { namespace }));
        const rows = Object.entries(effective).map(([gate, value]) => [escapeText(gate), JSON.stringify(value)]);
        return {
          json: { model: model ?? null, version: version ?? null, effective },
          lines: rows.length === 0 ? ["no gates"] : table(rows, { indent: "  " }),
        };
      });
    }
    if (set !== undefined && clear) throw new StratigraphError("USAGE", "--set and --clear exclude each other");
    return writing(call, async ({ registry, namespace }) => {
      const target = targetOf(call.options, "gates", { namespace });
      const stored = await registry.setGates(target, clear ? null : readGates(set!, call), { by });
      return {
        json: { gates: stored.gates },
        lines: [`${call.terminal.colors.green("[OK]")} gates of ${escapeText(target)} ${clear ? "cleared" : "stored"}`],
      };
    });
  },
});

export const alias: Command = defineCommand({
  name: "models alias",
  summary: "give a version a name that can move; list, remove, look back",
  project: false,
  arguments: [{ shape: "[alias]", says: "the name; without one, the list" }],
  options: {
    ...modelOptions,
    ...versionOption,
    remove: flag("--remove", "take the name away"),
    history: flag("--history", "what it named, newest first"),
    expected: text("--expected <version>", "move it only from this version; 'none': only where there is none"),
    ...actorOptions,
  },
  examples: [
    { command: "strata models alias champion -m team/churn -v 1.3.0", says: "champion is 1.3.0" },
    { command: "strata models alias -m team/churn", says: "every alias" },
  ],
  run: (call) => {
    const { version, remove, history, expected, by, reason } = call.options;
    const name = call.args[0];
    if (name === undefined) return listAliases(call);
    if (history) return aliasHistory(call, name);
    const said = { by, reason, ...(expected === undefined ? {} : { expected: expected === "none" ? null : expected }) };
    if (!remove && version === undefined) throw missing("--version", "champion -v 1.3.0", "alias");
    return writing(call, async ({ registry, namespace }) => {
      const model = modelOf(call.options, "alias", { namespace });
      const ok = call.terminal.colors.green("[OK]");
      if (remove) {
        await registry.removeAlias(model, name, said);
        return { json: { ...model, alias: name, version: null }, lines: [`${ok} ${escapeText(name)} removed`] };
      }
      const record = await registry.setAlias(refOf(versionOf(call.options, "alias", { namespace })), name, said);
      return {
        json: { ...model, alias: name, version: record.version },
        lines: [`${ok} ${escapeText(refOf(model))} ${escapeText(name)} → v${record.version}`],
      };
    });
  },
});

function listAliases(call: Call<ModelOptions>): Promise<Answer> {
  return reading(call, async ({ registry, namespace }) => {
    const model = refOf(modelOf(call.options, "alias", { namespace }));
    const { items } = await registry.listAliases(model);
    return {
      json: {
        model,
        aliases: items.map(({ alias: name, version, at, by, why }) => ({
          alias: name,
          version,
          at,
          by,
          reason: why ?? null,
        })),
      },
      lines:
        items.length === 0
          ? ["no alias"]
          : table(
              items.map((one) => [
                escapeText(one.alias),
                one.version,
                moment(one.at),
                escapeText(one.by),
                escapeText(one.why ?? ""),
              ]),
            ),
    };
  });
}

function aliasHistory(call: Call<ModelOptions>, name: string): Promise<Answer> {
  return reading(call, async ({ registry, namespace }) => {
    const model = refOf(modelOf(call.options, "alias", { namespace }));
    const { items } = await registry.aliasHistory(model, name);
    return {
      json: {
        model,
        alias: name,
        history: items.map(({ version, previous, at, by, why }) => ({
          version: version ?? null,
          previous: previous ?? null,
          at,
          by,
          reason: why ?? null,
        })),
      },
      lines:
        items.length === 0
          ? ["it never named anything"]
          : table(
              items.map((one) => [
                moment(one.at),
                one.version ?? "removed",
                one.previous === undefined ? "new" : `was ${one.previous}`,
                escapeText(one.by),
                escapeText(one.why ?? ""),
              ]),
            ),
    };
  });
}

export const label: Command = defineCommand({
  name: "models label",
  summary: "put labels on a model or version, or take them off",
  project: false,
  arguments: [{ shape: "[name=value…]", says: "labels to set" }],
  options: {
    ...modelOptions,
    ...versionOption,
    remove: texts("--remove <name...>", "labels to take off"),
    ...actorOptions,
  },
  examples: [{ command: "strata models label owner=ana -m team/churn", says: "the model is Ana's" }],
  run: (call) => {
    const { by, remove } = call.options;
    const set = Object.fromEntries(readPairs(call.args, "label"));
    const removed = remove === undefined || remove === true ? [] : remove;
    const show = (target: string, labels: Readonly<Record<string, string>>): Answer => ({
      json: { target, labels },
      lines:
        Object.keys(labels).length === 0
          ? ["no label"]
          : table(Object.entries(labels).map(([name, value]) => [escapeText(name), escapeText(value)])),
    });
    if (call.args.length === 0 && removed.length === 0) {
      return reading(call, async ({ registry, namespace }) => {
        const target = targetOf(call.options, "label", { namespace });
        const { labels } =
          call.options.version === undefined ? await registry.getModel(target) : await registry.get(target);
        return show(target, labels);
      });
    }
    return writing(call, async ({ registry, namespace }) => {
      const target = targetOf(call.options, "label", { namespace });
      let labels = call.args.length === 0 ? undefined : await registry.setLabels(target, set, { by });
      if (removed.length > 0) labels = await registry.removeLabels(target, removed, { by });
      return show(target, labels ?? {});
    });
  },
});

export const annotate: Command = defineCommand({
  name: "models annotate",
  summary: "write a note on a model or version; without a text, read them",
  project: false,
  arguments: [{ shape: "[text]", says: "the note" }],
  options: {
    ...modelOptions,
    ...versionOption,
    ...actorOptions,
    limit: whole("--limit <n>", "how many; 50 unless told", 1),
    after: text("--after <cursor>", "go on after a list that ended early: its `next`"),
  },
  examples: [{ command: "strata models annotate 'checked by hand' -m team/churn -v 1.3.0", says: "a note that stays" }],
  run: (call) => {
    const { by, limit = 50, after } = call.options;
    const note = call.args[0];
    if (note !== undefined) {
      return writing(call, async ({ registry, namespace }) => {
        const target = targetOf(call.options, "annotate", { namespace });
        const { author, text: said, at } = await registry.annotate(target, note, { by });
        return {
          json: { target, author, text: said, at },
          lines: [`${call.terminal.colors.green("[OK]")} noted on ${escapeText(target)}`],
        };
      });
    }
    return reading(call, async ({ registry, namespace }) => {
      const target = targetOf(call.options, "annotate", { namespace });
      const { items, next } = await registry.listAnnotations(target, {
        limit,
        ...(after === undefined ? {} : { after: after as Cursor }),
      });
      return {
        json: {
          target,
          annotations: items.map(({ version, author, text: said, at }) => ({
            version: version ?? null,
            author,
            text: said,
            at,
          })),
          next: next ?? null,
        },
        lines:
          items.length === 0
            ? ["no note"]
            : table(
                items.map((one) => [moment(one.at), one.version ?? "", escapeText(one.author), escapeText(one.text)]),
              ),
      };
    });
  },
});
