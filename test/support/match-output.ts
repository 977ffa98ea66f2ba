// Compares printed text with what a page shows, where durations, moments, ids and people may differ from run to run.

/**
 * The printed text, with each line that only differs in what may differ replaced by the shown line; so a failed comparison
 * shows the real differences alone. In the shown text `[..]` stands for anything within a line, and a line `...` for any lines.
 */
export function settle(printed: string, shown: string): string {
  const printedLines = tidy(printed)
    .split("\n")
    .filter((line) => !isProgress(line));
  const shownLines = tidy(shown).split("\n");
  const settled: string[] = [];
  let at = 0;
  for (const [index, line] of shownLines.entries()) {
    if (line === "...") {
      const next = shownLines[index + 1];
      while (at < printedLines.length && (next === undefined || !isAlike(printedLines[at]!, next))) at++;
      settled.push(line);
    } else if (at < printedLines.length) {
      settled.push(isAlike(printedLines[at]!, line) ? line : printedLines[at]!);
      at++;
    }
  }
  return [...settled, ...printedLines.slice(at)].join("\n");
}

/** Without space at line ends and around the whole: a page cannot hold it. */
export function tidy(text: string): string {
  return text.replace(/[ \t]+$/gm, "").replace(/^\n+|\n+$/g, "");
}

/** "days 12 of 28, total 0 of 1 (4.1 s)": what a build says now and then when the machine is slow. */
function isProgress(line: string): boolean {
  return /^[\w.-]+ [\d,]+ of [\d,]+(, .+)? \(.+\)$/.test(line);
}

function isAlike(printed: string, shown: string): boolean {
  if (printed === shown) return true;
  const pattern = shown
    .split("[..]")
    .map((part) => escape(normal(part)))
    .join(".*");
  return new RegExp(`^${pattern}$`).test(normal(printed));
}

/** What is another every time: durations, fingerprints and ids, moments, who and where. Runs of spaces before them shrink with them. */
function normal(line: string): string {
  return line
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?UTC|Z)?/g, "<time>")
    .replace(/\b[0-9a-f]{8,32}\b/g, "<id>")
    .replace(/\b[0-9a-z]{26}\b/g, "<id>")
    .replace(/\bby \S+@[\w.-]+/g, "by <somebody>")
    .replace(/ *\b\d+(\.\d+)? ?(µs|ms|s|min|h)\b/g, " <duration>");
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
