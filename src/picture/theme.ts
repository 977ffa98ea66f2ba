// The colours of a picture, light and dark, as rules of CSS.

import type { PictureState } from "./state.ts";

export interface Theme {
  readonly page: string;
  readonly ink: string;
  readonly faint: string;
  readonly line: string;
  readonly frame: string;
  readonly states: Readonly<Record<PictureState, { readonly fill: string; readonly stroke: string }>>;
}

/** The states differ in lightness, in words and in their outlines as well. */
export const light: Theme = {
  page: "#ffffff",
  ink: "#1c2530",
  faint: "#55616d",
  line: "#8a96a3",
  frame: "#f4f6f8",
  states: {
    failed: { fill: "#fbdcd9", stroke: "#b3261e" },
    "missing-source": { fill: "#ffffff", stroke: "#b3261e" },
    blocked: { fill: "#f1efef", stroke: "#a06a66" },
    "will-build": { fill: "#fcecc5", stroke: "#94660d" },
    "may-build": { fill: "#fffaea", stroke: "#94660d" },
    current: { fill: "#e0f2e5", stroke: "#2b7343" },
    declared: { fill: "#e7f0fb", stroke: "#2f66a8" },
  },
};

export const dark: Theme = {
  page: "#14181d",
  ink: "#e6eaee",
  faint: "#a3afba",
  line: "#6c7884",
  frame: "#1b2027",
  states: {
    failed: { fill: "#571f1c", stroke: "#f2857c" },
    "missing-source": { fill: "#14181d", stroke: "#f2857c" },
    blocked: { fill: "#2b2727", stroke: "#b98a86" },
    "will-build": { fill: "#4a380f", stroke: "#e0b050" },
    "may-build": { fill: "#28231a", stroke: "#c79c45" },
    current: { fill: "#193a25", stroke: "#63bd82" },
    declared: { fill: "#1d324a", stroke: "#74a9e6" },
  },
};

/** Rules for everything in a picture, each with `scope` before its selector. */
export function themeRules({ page, ink, faint, line, frame, states }: Theme, scope = ""): string {
  const rules = [
    `.page{fill:${page}}`,
    `.ink{fill:${ink}}`,
    `.faint{fill:${faint}}`,
    `.arrow{fill:none;stroke:${line}}`,
    `.head{fill:${line}}`,
    `.frame{fill:${frame};stroke:${line}}`,
    ...Object.entries(states).map(([state, { fill, stroke }]) => `.${state}>.box{fill:${fill};stroke:${stroke}}`),
  ];
  return rules.map((rule) => scope + rule).join("\n");
}

/** What does not depend on the colours. */
export const shapeRules: string = [
  ".title{font-weight:600}",
  ".box{stroke-width:1.3}",
  ".arrow{stroke-width:1.3}",
  ".frame{stroke-width:1;stroke-opacity:.5}",
  ".failed>.box{stroke-width:2.4}",
  ".missing-source>.box,.blocked>.box,.may-build>.box{stroke-dasharray:5 4}",
].join("\n");
