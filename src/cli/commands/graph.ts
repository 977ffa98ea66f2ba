// strata graph: the graph as a picture, with the state of everything in it.

import { selectNodes } from "../../graph/selector.ts";
import { pictureOf, type Picture } from "../../picture/picture.ts";
import { defineCommand, flag, whole, type Answer, type Call, type Command } from "../command.ts";
import { findProject, splitFile } from "../project.ts";
import { pictureJson, pictureLines } from "../report/picture.ts";
import { selectionArguments } from "../selection.ts";

/** Lines in the terminal unless told. */
const MOST_LINES = 200;

interface Options {
  readonly plan: boolean;
  readonly limit: number | undefined;
}

export const graph: Command = defineCommand({
  name: "graph",
  summary: "show the graph, and the state of everything in it",
  details: [
    "A tree from the sources down: each artifact stands once, below the input that is ready last. Decides as plan does, and shows what " +
      "would be built and why, what failed last time, and which sources have no data.",
    "What is shown is what the selectors choose, and nothing else: +total is total with all it is made from.",
  ],
  arguments: [
    selectionArguments[0]!,
    { shape: "[selector…]", says: "artifacts to show: total, vendor.*, +total, days+; everything unless told" },
  ],
  options: {
    plan: flag("--no-plan", "show only what is declared: look at no source and at no database"),
    limit: whole("--limit <n>", `lines at most; ${MOST_LINES} unless told`, 1),
  },
  examples: [
    { command: "strata graph", says: "the graph of the file built last" },
    { command: "strata graph spend.ts +total", says: "total, and all it is made from" },
    { command: "strata graph --no-plan --json", says: "nodes and edges as declared, for a program" },
  ],
  run: (call) => answer(call),
});

async function answer(call: Call<Options>): Promise<Answer> {
  const { options, terminal } = call;
  const picture = await takePicture(call);
  return {
    json: pictureJson(picture),
    lines: pictureLines(picture, options.limit ?? MOST_LINES, terminal.colors),
  };
}

async function takePicture(call: Call<Options>): Promise<Picture> {
  const { options, args, cwd } = call;
  const { file, selectors } =
    options.file === undefined ? splitFile(args, cwd) : { file: options.file, selectors: args };
  const project = await findProject(call, file);
  const { definition } = await project.graph();
  const { keys } = selectNodes(definition, selectors);
  if (!options.plan) return pictureOf(definition, keys, undefined);
  const { surveyGraph } = await import("../../build/survey.ts");
  const survey = await surveyGraph(definition, {
    backend: await project.backend(),
    root: project.root,
    select: selectors,
  });
  return pictureOf(definition, keys, survey);
}
