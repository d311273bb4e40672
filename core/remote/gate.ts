/** Lets so many through at once; the others wait in line. */
export class Gate {
  readonly #sizeMax: number;
  #inside = 0;
  #waiting: (() => void)[] = [];

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  async through<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.#sizeMax) {
      await new Promise<void>((enter) => this.#waiting.push(enter));
    } else {
      this.#inside++;
    }
    try {
      return await work();
    } finally {
      // Whoever is next takes the place over, so that nobody slips in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#inside--;
      else next();
    }
  }
}
