// Links between pages and into the repository lead somewhere, and no page says a thing twice.

import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { anchorsOf, pages, proseOf, root, withoutBlocks } from "./markdown.ts";

describe.each(pages)("%s", (page) => {
  it("links only to what exists", () => {
    const broken = linksOf(page).filter((link) => !leadsSomewhere(page, link));

    expect(broken).toEqual([]);
  });

  // Two edits of one table or list, put together line by line, leave both in it: nobody sees that in a diff.
  it("has no table with two heads and no paragraph, row or point twice under one heading", () => {
    expect(repetitionsIn(page)).toEqual([]);
  });
});

it("every page in docs/ can be reached from the README", () => {
  const reached = new Set(["README.md"]);
  for (const page of reached) {
    for (const link of linksOf(page)) {
      const target = targetOf(page, link).path;
      if (pages.includes(target)) reached.add(target);
    }
  }

  expect(pages.filter((page) => page.startsWith("docs/") && !reached.has(page))).toEqual([]);
});

function repetitionsIn(page: string): string[] {
  const repeated: string[] = [];
  const headings = new Set<string>();
  for (const section of withoutBlocks(page).split(/^(?=## )/m)) {
    const said = new Set<string>();
    let inTable = false;
    for (const line of section.split("\n")) {
      const isRule = /^\|[\s:|-]+\|$/.test(line);
      if (isRule ? inTable : said.has(line) || headings.has(line)) repeated.push(line);
      inTable = line.startsWith("|") && (inTable || isRule);
      if (line.startsWith("## ")) headings.add(line);
      // A few words may well come again, and so may a row that goes on from the one above it.
      if (!isRule && !/^\|\s+\|/.test(line) && line.replace(/\s+/g, " ").length > 60) said.add(line);
    }
  }
  return repeated;
}

function linksOf(page: string): string[] {
  return [...proseOf(page).matchAll(/\]\(([^()\s]+)\)/g)].map(([, link = ""]) => link);
}

function leadsSomewhere(page: string, link: string): boolean {
  if (/^(https?|mailto):/.test(link)) return true;
  const { path, anchor } = targetOf(page, link);
  if (!existsSync(join(root, path))) return false;
  return anchor === undefined || !path.endsWith(".md") || anchorsOf(path).has(anchor);
}

function targetOf(page: string, link: string): { readonly path: string; readonly anchor: string | undefined } {
  const [file = "", anchor] = link.split("#");
  return { path: file === "" ? page : posix.join(posix.dirname(page), decodeURI(file)), anchor };
}
