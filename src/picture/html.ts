// A picture as one self-contained page: to move about in, to search, to click.

import { createHash } from "node:crypto";
import { escapeXml, PICTURE_FONT } from "../util/svg-text.ts";
import type { Boxes } from "./box.ts";
import type { PictureLayout } from "./layout.ts";
import { pageScript } from "./page-script.ts";
import { pageStyle } from "./page-style.ts";
import type { Picture, PictureNode } from "./picture.ts";
import { pictureStateNames, pictureStates, stateText } from "./state.ts";
import { pictureMarks, sizeOf } from "./svg.ts";

/** Partitions a page lists of one artifact, and in all. */
const MOST_OF_ONE = 1000;
const MOST_OF_ALL = 50_000;

/**
 * Asks nobody for anything: its policy forbids it, and lets no script run but the page's own. What is not current comes first where an
 * artifact has more partitions than a page lists.
 */
export function pictureHtml(picture: Picture, drawn: Boxes, layout: PictureLayout): string {
  const hash = createHash("sha256").update(pageScript).digest("base64");
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  const title = escapeXml(picture.graph);
  return `${[
    `<!doctype html>`,
    `<html lang="en">`,
    `<head>`,
    `<meta charset="utf-8">`,
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    `<meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<meta name="color-scheme" content="light dark">`,
    // Without one, a browser asks the server for it.
    `<link rel="icon" href="data:,">`,
    `<title>${title}: graph</title>`,
    `<style>${pageStyle}</style>`,
    `</head>`,
    `<body>`,
    `<header>`,
    `<h1>${title}</h1>`,
    `<p>${escapeXml(sizeOf(picture, drawn))}</p>`,
    `<div class="chips">${chips(picture)}</div>`,
    `<div class="tools">`,
    `<input id="search" type="search" placeholder="search: /" aria-label="search artifacts" autocomplete="off" spellcheck="false">`,
    `<output id="found" aria-live="polite"></output>`,
    `<button type="button" id="farther" title="farther: -" aria-label="zoom out">−</button>`,
    `<button type="button" id="closer" title="closer: +" aria-label="zoom in">+</button>`,
    `<button type="button" id="whole" title="all of it: 0">fit</button>`,
    `<button type="button" id="theme" title="light or dark" aria-label="light or dark">◐</button>`,
    `</div>`,
    `</header>`,
    `<main>`,
    `<svg id="svg" xmlns="http://www.w3.org/2000/svg" font-family="${PICTURE_FONT}" aria-label="graph ${title}"><g id="view">`,
    ...pictureMarks(drawn, layout),
    `</g></svg>`,
    `<aside id="panel" hidden><button type="button" id="close" title="close: Escape" aria-label="close">×</button><div id="details"></div></aside>`,
    `</main>`,
    `<noscript>This page needs its own script to be moved about in; nothing is loaded from anywhere.</noscript>`,
    `<script type="application/json" id="data">${dataText(picture, drawn, layout)}</script>`,
    `<script>${pageScript}</script>`,
    `</body>`,
    `</html>`,
  ].join("\n")}\n`;
}

function chips({ nodes }: Picture): string {
  return pictureStateNames
    .flatMap((state) => {
      const many = nodes.filter((node) => node.state === state).length;
      const says = escapeXml(pictureStates[state]);
      return many === 0
        ? []
        : [
            `<button type="button" class="badge ${state}" data-state="${state}" aria-pressed="false" title="${says}">${many} ${stateText(state)}</button>`,
          ];
    })
    .join("");
}

/** What the script reads. Nothing in it can end the element it stands in. */
function dataText(picture: Picture, { boxes, arrows }: Boxes, layout: PictureLayout): string {
  const places = new Map(picture.nodes.map((node, index) => [node, index]));
  const reasons = new Map<string, number>();
  const most = Math.min(MOST_OF_ONE, Math.max(1, Math.floor(MOST_OF_ALL / picture.nodes.length)));
  const data = {
    width: layout.width,
    height: layout.height,
    states: pictureStateNames,
    boxes: boxes.map(({ name, kind, state, width, height, nodes }, index) => ({
      ...{ name, state, width, height },
      ...layout.places[index],
      group: kind === "group",
      nodes: nodes.map((node) => places.get(node)!),
    })),
    links: arrows.map(({ from, to }) => [from, to]),
    nodes: picture.nodes.map((node) => nodeData(node, most, reasons)),
    edges: picture.edges,
    reasons: [...reasons.keys()],
  };
  return JSON.stringify(data).replaceAll("<", "\\u003c");
}

function nodeData(node: PictureNode, most: number, reasons: Map<string, number>): object {
  const { key, state, producer = null, version = null, place = null, description = null, dimensions } = node;
  const worst = (one: PictureNode["partitions"][number]): number => pictureStateNames.indexOf(one.state);
  const partitions =
    node.partitions.length <= most
      ? node.partitions
      : node.partitions.toSorted((a, b) => worst(a) - worst(b)).slice(0, most);
  return {
    ...{ key, state, producer, version, place, description, dimensions },
    reasons: node.reasons,
    partitions: partitions.map((one) => {
      if (!reasons.has(one.because)) reasons.set(one.because, reasons.size);
      return [one.partition, worst(one), reasons.get(one.because)];
    }),
    left: node.partitions.length - partitions.length,
  };
}
