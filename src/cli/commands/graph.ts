// strata graph: the graph as a picture, with the state of everything in it.

import { resolve } from "node:path";
import { isStratigraphError, StratigraphError } from "../../errors.ts";
import { selectNodes } from "../../graph/selector.ts";
import { pictureOf, type Picture } from "../../picture/picture.ts";
import { defineCommand, flag, text, whole, type Answer, type Call, type Command } from "../command.ts";
import { shownPath } from "../../code/frames.ts";
import { writeOutput } from "../output-file.ts";
import { paramOption, withTexts } from "../params.ts";
import { findProject, splitFile } from "../project.ts";
import { pictureJson, pictureLines, summaryLine } from "../report/picture.ts";
import { selectionArguments } from "../selection.ts";
import { escapeText } from "../terminal/escape.ts";

/** Lines in the terminal, and boxes in a drawing, unless told. */
const MOST_LINES = 200;
const MOST_BOXES = 400;

interface Options {
  readonly plan: boolean;
  readonly limit: number | undefined;
  readonly svg: string | undefined;
  readonly html: string | undefined;
  readonly param: ReadonlyMap<string, string> | undefined;
}

export const graph: Command = defineCommand({
  name: "graph",
  summary: "show the graph, and the state of everything in it",
  details: [
    "A tree from the sources down: each artifact stands once, below the input that is ready last. Decides as plan does, and shows what " +
      "would be built and why, what failed last time, and which sources have no data.",
    "--svg and --html draw it into one file each that loads nothing from anywhere; the page can be moved about in and searched, and lists " +
      "the partitions of what is clicked. Where there are more artifacts than --limit, each outermost name is drawn as one box.",
    "What is shown is what the selectors choose, and nothing else: +total is total with all it is made from.",
  ],
  arguments: [
    selectionArguments[0]!,
    { shape: "[selector…]", says: "artifacts to show: total, vendor.*, +total, days+; everything unless told" },
  ],
  options: {
    plan: flag("--no-plan", "show only what is declared: look at no source and at no database"),
    param: paramOption,
    svg: text("--svg <file>", "draw it into this file, - for standard output"),
    html: text("--html <file>", "write a page to look about in, - for standard output"),
    limit: whole(
      "--limit <n>",
      `lines at most, ${MOST_LINES} unless told; of a drawing boxes, ${MOST_BOXES} unless told`,
      1,
    ),
  },
  examples: [
    { command: "strata graph", says: "the graph of the file built last" },
    { command: "strata graph spend.ts +total", says: "total, and all it is made from" },
    { command: "strata graph --html graph.html", says: "a page to look about in" },
    { command: "strata graph --no-plan --json", says: "nodes and edges as declared, for a program" },
  ],
  run: (call) => answer(call),
});

async function answer(call: Call<Options>): Promise<Answer> {
  const { options, terminal, cwd } = call;
  const { svg, html, limit } = options;
  checkOutputs(options);
  const picture = await takePicture(call);
  const drawings = svg === undefined && html === undefined ? {} : await draw(picture, options);
  const written: string[] = [];
  for (const [path, text] of [[svg, drawings.svg] as const, [html, drawings.html] as const]) {
    if (path === undefined || path === "-" || text === undefined) continue;
    writeOutput(resolve(cwd, path), text);
    written.push(shownPath(resolve(cwd, path), cwd));
  }
  const printed = svg === "-" ? drawings.svg : html === "-" ? drawings.html : undefined;
  const shown = (path: string | undefined): string | null =>
    path === undefined ? null : shownPath(resolve(cwd, path), cwd);
  return {
    json: { ...pictureJson(picture), svg: shown(svg), html: shown(html) },
    bytes: printed === undefined ? undefined : Buffer.from(printed),
    lines:
      written.length === 0
        ? pictureLines(picture, limit ?? MOST_LINES, terminal.colors)
        : [summaryLine(picture, terminal.colors), ...written.map((path) => `drawn into ${escapeText(path)}`)],
  };
}

function checkOutputs({ svg, html, json }: Options & { readonly json: boolean }): void {
  const printed = [svg === "-" ? "--svg -" : undefined, html === "-" ? "--html -" : undefined].filter(
    (one) => one !== undefined,
  );
  const all = [...printed, ...(json && printed.length > 0 ? ["--json"] : [])];
  if (all.length < 2) return;
  throw new StratigraphError("USAGE", `${all.join(" and ")} exclude each other: standard output has room for one`, {
    hint: "Give the picture a file: strata graph --svg graph.svg",
  });
}

/** What draws is loaded only where something is drawn. */
async function draw(
  picture: Picture,
  { svg, html, limit }: Options,
): Promise<{ readonly svg?: string | undefined; readonly html?: string | undefined }> {
  const { boxesOf } = await import("../../picture/box.ts");
  const { layOutPicture } = await import("../../picture/layout.ts");
  const boxes = boxesOf(picture, limit ?? MOST_BOXES);
  const layout = await layOutPicture(boxes);
  return {
    svg: svg === undefined ? undefined : (await import("../../picture/svg.ts")).pictureSvg(picture, boxes, layout),
    html: html === undefined ? undefined : (await import("../../picture/html.ts")).pictureHtml(picture, boxes, layout),
  };
}

async function takePicture(call: Call<Options>): Promise<Picture> {
  const { options, args, cwd } = call;
  const { file, selectors } =
    options.file === undefined ? splitFile(args, cwd) : { file: options.file, selectors: args };
  const project = await findProject(call, file);
  const { definition } = await withTexts(await project.graph(), options.param);
  const { keys } = selectNodes(definition, selectors);
  if (!options.plan) return pictureOf(definition, keys, undefined);
  const { surveyGraph } = await import("../../build/survey.ts");
  const survey = await surveyGraph(definition, {
    backend: await project.backend(),
    root: project.root,
    select: selectors,
  }).catch((error: unknown) => {
    // Without a look at the sources and the database, neither can stand in the way.
    const hint = "The declaration alone is drawn by: strata graph --no-plan";
    throw isStratigraphError(error) && error.hint === undefined ? error.with({ hint }) : error;
  });
  return pictureOf(definition, keys, survey);
}
