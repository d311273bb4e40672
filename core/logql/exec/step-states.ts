/** The states of a fold at each step, in pages: a series that lives for a moment costs little over many steps. */
import type { Fold } from "./fold.ts";
import type { Points } from "./series.ts";

const PAGE_STEPS = 64;

/** Aggregations by label have no ties to settle. */
const NO_ORIGIN = { time: 0, stream: 0 };

export class StepStates {
  readonly #fold: Fold;
  readonly #hold: (bytes: number) => void;
  /** Per step whether there is a state, then the state. */
  readonly #pages: (Float64Array | undefined)[] = [];

  constructor(fold: Fold, hold: (bytes: number) => void) {
    this.#fold = fold;
    this.#hold = hold;
  }

  add(step: number, value: number): void {
    const page = (this.#pages[step >> 6] ??= this.#newPage());
    const at = (step & (PAGE_STEPS - 1)) * (this.#fold.width + 1);
    if (page[at] === 0) {
      page[at] = 1;
      this.#fold.start(page, at + 1, value, NO_ORIGIN);
    } else {
      this.#fold.add(page, at + 1, value, NO_ORIGIN);
    }
  }

  results(points: Points): void {
    const size = this.#fold.width + 1;
    this.#pages.forEach((page, number) => {
      if (page === undefined) return;
      for (let index = 0; index < PAGE_STEPS; index++) {
        if (page[index * size] === 0) continue;
        points.add(number * PAGE_STEPS + index, this.#fold.result(page, index * size + 1));
      }
    });
  }

  #newPage(): Float64Array {
    const numbers = PAGE_STEPS * (this.#fold.width + 1);
    this.#hold(8 * numbers);
    return new Float64Array(numbers);
  }
}
