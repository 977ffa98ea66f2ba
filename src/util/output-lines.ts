// What a program prints, as lines: as a terminal would leave them, none of them longer than what anybody reads.

import { cutText } from "./cut-text.ts";

/** Characters of a line that are kept; a program may print for ever without ending one. */
const LONGEST = 16 * 1024;

/** What was printed over, as progress bars do with a carriage return, is not told. */
export class OutputLines {
  readonly #tell: (line: string) => void;
  #line = "";
  #returned = false;

  constructor(tell: (line: string) => void) {
    this.#tell = tell;
  }

  take(text: string): void {
    for (const piece of text.split(/(\r\n|\r|\n)/)) {
      if (piece === "") continue;
      if (piece === "\r") this.#returned = true;
      else if (piece === "\n" || piece === "\r\n") this.#end();
      else this.#add(piece);
    }
  }

  /** Tells what no line end came after. */
  finish(): void {
    if (this.#line !== "") this.#end();
  }

  #add(text: string): void {
    if (this.#returned) this.#line = "";
    this.#returned = false;
    if (this.#line.length <= LONGEST) this.#line += text.slice(0, LONGEST + 1 - this.#line.length);
  }

  #end(): void {
    this.#tell(cutText(this.#line, LONGEST));
    this.#line = "";
    this.#returned = false;
  }
}
