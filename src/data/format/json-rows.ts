// The elements of a JSON array one after the other, read and written as the whole array would be.

import { StratigraphError } from "../../errors.ts";
import type { RowFormat } from "./format.ts";
import { checkRowLength, createTextRows } from "./text-rows.ts";
import { decodePieces } from "./utf8.ts";

/** How one element is read and written; `path` has its index. */
interface Elements {
  parse(text: string, where: (offset: number) => string, path: readonly number[]): unknown;
  stringify(value: unknown, indent: number, path: readonly number[]): string;
}

export function jsonRows(indent: number, elements: Elements): RowFormat {
  return {
    async *read(source) {
      const splitter = new ArraySplitter(elements);
      for await (const text of decodePieces(source.pieces(), "JSON")) yield splitter.take(text);
      splitter.end();
    },
    write() {
      const pad = " ".repeat(indent);
      const [open, between, close] = indent === 0 ? ["[", ",", "]\n"] : [`[\n${pad}`, `,\n${pad}`, "\n]\n"];
      return createTextRows(
        "JSON",
        (row, index) => {
          const text = elements.stringify(row, indent, [index]);
          // Texts hold no line ends of their own, so every one of these begins a level.
          return (index === 0 ? open : between) + (indent === 0 ? text : text.replaceAll("\n", `\n${pad}`));
        },
        (count) => (count === 0 ? "[]\n" : close),
      );
    },
  };
}

/** Finds the commas between elements; whether what lies between them is JSON is for the parser to say. */
class ArraySplitter {
  readonly #elements: Elements;
  #state: "before" | "inside" | "after" = "before";
  #text = "";
  #at = 0;
  #depth = 0;
  #quoted = false;
  #count = 0;

  constructor(elements: Elements) {
    this.#elements = elements;
  }

  take(text: string): readonly unknown[] {
    this.#text += text;
    const rows: unknown[] = [];
    if (this.#state === "before") this.#open();
    if (this.#state === "inside") this.#scan(rows);
    if (this.#state === "after") this.#rest();
    checkRowLength(this.#text, `row ${this.#count + 1}`);
    return rows;
  }

  end(): void {
    if (this.#state === "after") return;
    throw this.#state === "inside"
      ? wrong(`row ${this.#count + 1}`, "',' or ']'", "the end")
      : wrong(undefined, "an array", this.#text.trim() === "" ? "an empty file" : "the end");
  }

  #open(): void {
    const start = this.#text.search(/[^ \n\r\t]/);
    if (start < 0) return;
    if (this.#text[start] !== "[")
      throw wrong(undefined, "an array", JSON.stringify(this.#text.slice(start, start + 1)));
    this.#text = this.#text.slice(start + 1);
    this.#state = "inside";
  }

  #scan(rows: unknown[]): void {
    const text = this.#text;
    let from = 0;
    let at = this.#at;
    for (; at < text.length && this.#state === "inside"; at++) {
      const unit = text.charCodeAt(at);
      if (this.#quoted) {
        if (unit === BACKSLASH) {
          if (at + 1 === text.length) break; // what it escapes comes with the next piece
          at += 1;
        } else if (unit === QUOTE) this.#quoted = false;
      } else if (unit === QUOTE) this.#quoted = true;
      else if (unit === OPEN_ARRAY || unit === OPEN_OBJECT) this.#depth += 1;
      else if (this.#depth > 0) {
        if (unit === CLOSE_ARRAY || unit === CLOSE_OBJECT) this.#depth -= 1;
      } else if (unit === COMMA || unit === CLOSE_ARRAY) {
        const element = text.slice(from, at);
        from = at + 1;
        if (unit === CLOSE_ARRAY) this.#state = "after";
        if (unit === CLOSE_ARRAY && this.#count === 0 && element.trim() === "") continue;
        rows.push(this.#parse(element));
      } else if (unit === CLOSE_OBJECT) throw wrong(`row ${this.#count + 1}`, "',' or ']'", '"}"');
    }
    this.#text = text.slice(from);
    this.#at = at - from;
  }

  #rest(): void {
    const rest = this.#text.trim();
    if (rest !== "") throw wrong(undefined, "nothing after the array", JSON.stringify(rest.slice(0, 1)));
    this.#text = "";
  }

  #parse(element: string): unknown {
    const index = this.#count++;
    return this.#elements.parse(element, (offset) => `row ${index + 1}, character ${offset + 1}`, [index]);
  }
}

function wrong(where: string | undefined, expected: string, received: string): StratigraphError {
  return new StratigraphError("DATA_UNPARSEABLE", "this is not a JSON array", { where, expected, received });
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
