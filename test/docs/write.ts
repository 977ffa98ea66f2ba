// Brings the pages up to date with the program: `npm run docs`. What only differs from run to run stays as it was written.
// Read the difference before you commit it.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { settle } from "../support/match-output.ts";
import { pages, readPage, root } from "./markdown.ts";
import { referencePages, updated } from "./reference.ts";
import { play, transcriptsOf } from "./transcripts.ts";

for (const page of referencePages) writeFileSync(join(root, page), await updated(page));

for (const page of pages.filter((one) => transcriptsOf(one).length > 0)) {
  const lines = readPage(page).split("\n");
  // From the last block to the first, so that the lines before it keep their numbers.
  for (const { block, commands } of [...play(page)].reverse()) {
    const text = commands.map(({ command, shown, output }) => {
      const settled = settle(output, shown);
      return `$ ${command.replaceAll("\n", "\n> ")}\n${settled === "" ? "" : `${settled}\n`}`;
    });
    lines.splice(block.line, block.text.split("\n").length - 1, ...text.join("").trimEnd().split("\n"));
    const wrong = commands.filter(({ status, expectedStatus }) => status !== expectedStatus);
    for (const { line, command, status } of wrong) console.error(`${page}:${line}: ${command}: exit code ${status}`);
  }
  writeFileSync(join(root, page), lines.join("\n"));
}
