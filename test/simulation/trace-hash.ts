/** A running 64-bit digest of all that happened: two runs are the same run when it is equal. */
export class TraceHash {
  #high = 0x9e3779b9 | 0;
  #low = 0x85ebca6b | 0;

  /** Mixes in the low 32 bits and the rest of a safe integer. */
  add(value: number): void {
    const low = value | 0;
    this.#low = Math.imul(this.#low ^ low, 0x85ebca6b);
    this.#low = ((this.#low << 13) | (this.#low >>> 19)) + this.#high;
    this.#high = Math.imul(this.#high ^ (value === low ? low : Math.floor(value / 0x100000000) ^ low), 0xc2b2ae35);
    this.#high ^= this.#low >>> 15;
  }

  toString(): string {
    const hex = (part: number) => (part >>> 0).toString(16).padStart(8, '0');
    return hex(this.#high) + hex(this.#low);
  }
}
