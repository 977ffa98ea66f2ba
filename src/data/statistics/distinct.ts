// How many different values there are: counted up to a number of them, then estimated by HyperLogLog.

/** Counted exactly up to this many. */
const COUNTED = 4096;
/** 2^12 registers: a standard error of 1.6 %. */
const BITS = 12;
const REGISTERS = 2 ** BITS;

export class Distinct {
  #counted: Set<number> | undefined = new Set();
  #registers: Uint8Array | undefined;

  add(text: string): void {
    const hash = hashOf(text);
    if (this.#counted !== undefined) {
      this.#counted.add(hash);
      if (this.#counted.size <= COUNTED) return;
      this.#registers = new Uint8Array(REGISTERS);
      for (const one of this.#counted) this.#register(one);
      this.#counted = undefined;
      return;
    }
    this.#register(hash);
  }

  #register(hash: number): void {
    const registers = this.#registers!;
    const place = hash % REGISTERS;
    let rest = Math.floor(hash / REGISTERS); // 41 bits
    let zeros = 1;
    while (rest % 2 === 0 && zeros <= 41) {
      zeros++;
      rest = rest === 0 ? 0 : rest / 2;
    }
    if (zeros > registers[place]!) registers[place] = zeros;
  }

  get exact(): boolean {
    return this.#counted !== undefined;
  }

  get count(): number {
    if (this.#counted !== undefined) return this.#counted.size;
    let sum = 0;
    let empty = 0;
    for (const register of this.#registers!) {
      sum += 2 ** -register;
      if (register === 0) empty++;
    }
    const estimate = ((0.7213 / (1 + 1.079 / REGISTERS)) * REGISTERS * REGISTERS) / sum;
    // While many registers are empty, counting those is the better estimate.
    const small = estimate <= 2.5 * REGISTERS && empty > 0;
    return Math.round(small ? REGISTERS * Math.log(REGISTERS / empty) : estimate);
  }
}

/** 53 bits: among 4096 values two share one about once in a billion artifacts. */
function hashOf(text: string): number {
  let low = 0xdeadbeef;
  let high = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    low = Math.imul(low ^ code, 2654435761);
    high = Math.imul(high ^ code, 1597334677);
  }
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  return 4294967296 * (2097151 & high) + (low >>> 0);
}
