// Where a text stops being JSON, and what should have stood there: slow and exact, for when parsing has failed.

export interface SyntaxProblem {
  /** UTF-16 units from the start. */
  readonly offset: number;
  readonly what: string;
  readonly expected?: string;
  readonly received?: string;
}

/** The first problem; `undefined` for JSON in which no object has a key twice. Iterative: depth is no problem here. */
export function findSyntaxProblem(text: string): SyntaxProblem | undefined {
  const open: { readonly kind: "object" | "array"; readonly keys: Set<string> }[] = [];
  let expecting: "value" | "first value" | "key" | "first key" | "colon" | "rest" = "value";
  let at = 0;
  const wrong = (expected: string): SyntaxProblem => ({
    offset: at,
    what: "this is not JSON",
    expected,
    received: tokenAt(text, at),
  });

  for (;;) {
    at = skipSpace(text, at);
    const character = text[at];
    const container = open.at(-1);
    if (expecting === "rest") {
      if (container === undefined) return character === undefined ? undefined : wrong("nothing after the value");
      const end = container.kind === "object" ? "}" : "]";
      if (character !== "," && character !== end) return wrong(`',' or '${end}'`);
      if (character === end) open.pop();
      else expecting = container.kind === "object" ? "key" : "value";
      at += 1;
    } else if (expecting === "colon") {
      if (character !== ":") return wrong("':'");
      expecting = "value";
      at += 1;
    } else if ((expecting === "first key" && character === "}") || (expecting === "first value" && character === "]")) {
      open.pop();
      expecting = "rest";
      at += 1;
    } else if (expecting === "key" || expecting === "first key") {
      if (character !== '"')
        return wrong(expecting === "key" ? "a key in double quotes" : "a key in double quotes or '}'");
      const end = skipString(text, at);
      if (typeof end !== "number") return end;
      const key = JSON.parse(text.slice(at, end)) as string;
      if (container?.keys.has(key) === true)
        return { offset: at, what: `an object has the key ${JSON.stringify(key)} twice` };
      container?.keys.add(key);
      expecting = "colon";
      at = end;
    } else if (character === "{" || character === "[") {
      open.push({ kind: character === "{" ? "object" : "array", keys: new Set() });
      expecting = character === "{" ? "first key" : "first value";
      at += 1;
    } else if (character === '"') {
      const end = skipString(text, at);
      if (typeof end !== "number") return end;
      expecting = "rest";
      at = end;
    } else {
      scalar.lastIndex = at;
      const match = scalar.exec(text);
      if (match === null) return wrong(expecting === "first value" ? "a value or ']'" : "a value");
      expecting = "rest";
      at += match[0].length;
    }
  }
}

/** "line 3, column 14": both from 1, columns in characters. */
export function showPosition(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf("\n") + 1;
  return `line ${before.split("\n").length}, column ${[...before.slice(start)].length + 1}`;
}

const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at += 1;
  return at;
}

function skipString(text: string, from: number): number | SyntaxProblem {
  for (let at = from + 1; ; at++) {
    const character = text[at];
    if (character === '"') return at + 1;
    if (character === undefined)
      return { offset: from, what: "a text is never closed", expected: "'\"'", received: "the end" };
    if (character < " ") {
      return {
        offset: at,
        what: "a text holds a control character",
        expected: "an escape like \\n",
        received: tokenAt(text, at),
      };
    }
    if (character === "\\") {
      const escape = /^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(text.slice(at, at + 6));
      if (escape === null) {
        return {
          offset: at,
          what: "a text holds an unknown escape",
          expected: 'one of \\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0000',
          received: text.slice(at, at + 2),
        };
      }
      at += escape[0].length - 1;
    }
  }
}

function tokenAt(text: string, at: number): string {
  if (at >= text.length) return "the end";
  const token =
    /^[\w.+-]{1,20}/.exec(text.slice(at, at + 20))?.[0] ?? String.fromCodePoint(text.codePointAt(at) as number);
  return JSON.stringify(token);
}
