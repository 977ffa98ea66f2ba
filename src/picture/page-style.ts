// How a picture's page looks, light and dark.

import { PICTURE_FONT } from "../util/svg-text.ts";
import { pictureStateNames } from "./state.ts";
import { dark, light, shapeRules, themeRules, type Theme } from "./theme.ts";

/** The rules of one theme for the page around the picture, and for the picture. */
function rules(theme: Theme, scope: string): string {
  const { page, ink, faint, line, frame, states } = theme;
  return [
    `${scope}{background:${page};color:${ink};--page:${page};--ink:${ink};--faint:${faint};--line:${line};--frame:${frame}}`,
    ...pictureStateNames.map(
      (state) =>
        `${scope} .badge.${state}{background:${states[state].fill};border-color:${states[state].stroke};color:${ink}}`,
    ),
    themeRules(theme, `${scope} `),
  ].join("\n");
}

const layout = `
*{box-sizing:border-box}
html,body{height:100%;margin:0}
body{display:flex;flex-direction:column;font:14px/1.45 ${PICTURE_FONT}}
header{display:flex;flex-wrap:wrap;gap:6px 16px;align-items:center;padding:8px 14px;border-bottom:1px solid var(--line)}
h1{font-size:17px;margin:0;overflow-wrap:anywhere}
h2{font-size:16px;margin:0 24px 6px 0;overflow-wrap:anywhere}
h3{font-size:14px;margin:14px 0 6px}
header p{margin:0;color:var(--faint)}
.chips{display:flex;flex-wrap:wrap;gap:6px}
.tools{display:flex;gap:6px;align-items:center;margin-left:auto}
button,input{font:inherit;color:inherit;background:var(--frame);border:1px solid var(--line);border-radius:6px;padding:3px 9px}
button{cursor:pointer}
button:focus-visible,input:focus-visible{outline:2px solid #4a90e2;outline-offset:1px}
#search{width:190px}
#found{color:var(--faint);min-width:4.5em;font-size:12px}
main{position:relative;flex:1;min-height:0;display:flex}
#svg{flex:1;min-width:0;width:100%;height:100%;touch-action:none;cursor:grab;user-select:none}
#svg:active{cursor:grabbing}
.node{cursor:pointer;outline:none}
.node:focus-visible>.box{stroke:#4a90e2;stroke-width:3}
.node.selected>.box{stroke-width:3.4}
.node.match>.box{stroke-width:2.6}
.dim{opacity:.22}
#panel{position:relative;width:min(430px,46%);overflow:auto;border-left:1px solid var(--line);padding:14px}
#close{position:absolute;right:10px;top:10px;border:0;background:none;font-size:18px;line-height:1}
.badge{display:inline-block;border:1px solid;border-radius:9px;padding:0 8px;font-size:12px;white-space:nowrap}
.badge[aria-pressed=true]{outline:2px solid #4a90e2}
.jump{border:0;background:none;padding:0;text-align:left;text-decoration:underline;overflow-wrap:anywhere}
.reason{margin:4px 0;overflow-wrap:anywhere;white-space:pre-wrap}
dl{display:grid;grid-template-columns:auto 1fr;gap:3px 12px;margin:10px 0}
dt,small{color:var(--faint)}
small{margin-left:6px}
dd{margin:0;overflow-wrap:anywhere}
.list{list-style:none;margin:8px 0;padding:0}
.list li{display:flex;justify-content:space-between;gap:10px;padding:2px 0}
table{border-collapse:collapse;width:100%;margin-top:6px;font-size:13px}
td{border-top:1px solid var(--frame);padding:3px 10px 3px 0;vertical-align:top;overflow-wrap:anywhere}
td:nth-child(1){min-width:13em}
td:nth-child(2){white-space:nowrap}
noscript{padding:8px 14px}
@media (max-width:640px){#panel{position:absolute;inset:40% 0 0 0;width:100%;background:var(--page);border-left:0;border-top:1px solid var(--line)}}
`;

export const pageStyle: string = [
  layout,
  shapeRules,
  rules(light, ":root"),
  `@media (prefers-color-scheme: dark){`,
  rules(dark, ":root:not([data-theme=light])"),
  `}`,
  rules(dark, ":root[data-theme=dark]"),
  ":root[data-theme=light]{color-scheme:light}",
  ":root[data-theme=dark]{color-scheme:dark}",
].join("\n");
