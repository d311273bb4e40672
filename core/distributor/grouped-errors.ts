/** Many refusals of one push as one text: equal ones are counted (spec http-api §3.2). */

/** Different texts that an answer has room for. */
const TEXTS_MAX = 100;
/** Characters of one of them: it may quote a stream of a hundred thousand labels. */
const TEXT_MAX = 16_384;

export class GroupedErrors {
  /** In the order of their first coming. */
  readonly #counts = new Map<string, number>();
  #count = 0;

  add(refusal: string, count = 1): void {
    const text = refusal.length > TEXT_MAX ? `${refusal.slice(0, TEXT_MAX)}…` : refusal;
    this.#count += count;
    const known = this.#counts.get(text);
    if (known !== undefined) this.#counts.set(text, known + count);
    else if (this.#counts.size < TEXTS_MAX) this.#counts.set(text, count);
  }

  /** Undefined when nothing was refused. */
  print(): string | undefined {
    const [first] = this.#counts.keys();
    if (this.#count <= 1) return first;
    const texts = [...this.#counts].map(([text, count]) => `${count} errors like: ${text}`);
    const printed = [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
    if (printed < this.#count) texts.push(`${this.#count - printed} other errors`);
    return texts.join("; ");
  }
}
