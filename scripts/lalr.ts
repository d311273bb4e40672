/**
 * LALR(1) tables as yacc makes them: lookaheads by propagation (Aho, Sethi, Ullman: algorithm 4.63), a
 * conflict settled by precedence and else by reading on, and in each state the reduction that most tokens
 * ask for done whatever comes. A grammar is written as in core/logql/syntax/messages.bnf.
 */

export interface Grammar {
  readonly productions: readonly Production[];
  readonly nonterminals: readonly string[];
  readonly precedence: ReadonlyMap<string, Precedence>;
}

interface Production {
  readonly left: string;
  readonly right: readonly string[];
}

interface Precedence {
  readonly level: number;
  readonly side: string;
}

/** What a state does. A reduction is the index of a production. */
export interface State {
  readonly shifts: ReadonlyMap<string, number>;
  readonly gotos: ReadonlyMap<string, number>;
  readonly reductions: ReadonlyMap<string, number>;
  readonly always: number | undefined;
}

export const END = "$end";
const ACCEPT = "$accept";

/** Lines that start with + are read only when `beyond`. */
export function readGrammar(text: string, beyond: boolean): Grammar {
  const precedence = new Map<string, Precedence>();
  const productions: Production[] = [];
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#") || (line.startsWith("+") && !beyond)) continue;
    const [first, ...words] = line.replace(/^\+ /, "").split(" ");
    if (first!.startsWith("%")) {
      const level = new Set([...precedence.values()].map((known) => known.level)).size;
      for (const token of words) precedence.set(token, { level, side: first!.slice(1) });
    } else {
      for (const right of spelledOut(words.slice(1))) productions.push({ left: first!, right });
    }
  }
  const root = { left: ACCEPT, right: [productions[0]!.left, END] };
  const nonterminals = [...new Set([root, ...productions].map(({ left }) => left))];
  return { productions: [root, ...productions], nonterminals, precedence };
}

/** `a b?` as `a` and `a b`. */
function spelledOut(words: readonly string[]): string[][] {
  const index = words.findIndex((word) => word.length > 1 && word.endsWith("?"));
  if (index < 0) return [[...words]];
  const [before, after] = [words.slice(0, index), words.slice(index + 1)];
  return [
    ...spelledOut([...before, ...after]),
    ...spelledOut([...before, words[index]!.slice(0, -1), ...after]),
  ];
}

/** A production and how many of its symbols have been read. */
interface Item {
  readonly production: number;
  readonly dot: number;
}

interface Core {
  readonly kernel: readonly Item[];
  readonly next: Map<string, number>;
  /** The lookaheads of each item of the kernel. */
  readonly lookaheads: Set<string>[];
}

/** Stands for whatever may follow the kernel. */
const ANY = "#";

export function makeStates(grammar: Grammar): State[] {
  const tables = new Tables(grammar);
  return tables.states();
}

class Tables {
  readonly #grammar: Grammar;
  readonly #byLeft: ReadonlyMap<string, readonly number[]>;
  readonly #nullable = new Set<string>();
  readonly #first = new Map<string, Set<string>>();
  readonly #cores: Core[] = [];

  constructor(grammar: Grammar) {
    this.#grammar = grammar;
    this.#byLeft = groupBy([...grammar.productions.keys()], (index) => this.#left(index));
    this.#findFirst();
    this.#makeCores();
    this.#propagate();
  }

  states(): State[] {
    return this.#cores.map((core) => this.#state(core));
  }

  #left(production: number): string {
    return this.#grammar.productions[production]!.left;
  }

  #right(production: number): readonly string[] {
    return this.#grammar.productions[production]!.right;
  }

  #findFirst(): void {
    for (const name of this.#grammar.nonterminals) this.#first.set(name, new Set());
    for (let changed = true; changed; ) {
      changed = false;
      for (const { left, right } of this.#grammar.productions) {
        const first = this.#first.get(left)!;
        const before = first.size + this.#nullable.size;
        const { tokens, isNullable } = this.#firstOf(right);
        for (const token of tokens) first.add(token);
        if (isNullable) this.#nullable.add(left);
        changed ||= first.size + this.#nullable.size > before;
      }
    }
  }

  #firstOf(symbols: readonly string[]): { tokens: Set<string>; isNullable: boolean } {
    const tokens = new Set<string>();
    for (const symbol of symbols) {
      const first = this.#first.get(symbol);
      if (first === undefined) tokens.add(symbol);
      else for (const token of first) tokens.add(token);
      if (!this.#nullable.has(symbol)) return { tokens, isNullable: false };
    }
    return { tokens, isNullable: true };
  }

  #makeCores(): void {
    const known = new Map<string, number>();
    const add = (kernel: readonly Item[]): number => {
      const key = kernel.map(keyOf).sort().join(" ");
      let index = known.get(key);
      if (index === undefined) {
        index = this.#cores.length;
        known.set(key, index);
        const lookaheads = kernel.map(() => new Set<string>());
        this.#cores.push({ kernel, next: new Map(), lookaheads });
      }
      return index;
    };
    add([{ production: 0, dot: 0 }]);
    for (const core of this.#cores) {
      const closure = this.#closure(core.kernel.map((item) => ({ item, lookaheads: [] })));
      const after = groupBy(
        [...closure.values()].map(({ item }) => item).filter((item) => this.#symbolAt(item)),
        (item) => this.#symbolAt(item)!,
      );
      for (const [symbol, moved] of after) core.next.set(symbol, add(moved.map(advanced)));
    }
  }

  #symbolAt({ production, dot }: Item): string | undefined {
    return this.#right(production)[dot];
  }

  /** The items that belong to these, each with the tokens that may follow it. */
  #closure(
    start: readonly { item: Item; lookaheads: Iterable<string> }[],
  ): Map<string, { item: Item; lookaheads: Set<string> }> {
    const found = new Map<string, { item: Item; lookaheads: Set<string> }>();
    const waiting: string[] = [];
    const add = (item: Item, lookaheads: Iterable<string>) => {
      const key = keyOf(item);
      const entry = found.get(key) ?? { item, lookaheads: new Set<string>() };
      const before = entry.lookaheads.size;
      for (const token of lookaheads) entry.lookaheads.add(token);
      if (found.has(key) && entry.lookaheads.size === before) return;
      found.set(key, entry);
      waiting.push(key);
    };
    for (const { item, lookaheads } of start) add(item, lookaheads);
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
      const { item, lookaheads } = found.get(key)!;
      const symbol = this.#symbolAt(item);
      const productions = this.#byLeft.get(symbol ?? "") ?? [];
      if (productions.length === 0) continue;
      const rest = this.#firstOf(this.#right(item.production).slice(item.dot + 1));
      const following = rest.isNullable ? [...rest.tokens, ...lookaheads] : rest.tokens;
      for (const production of productions) add({ production, dot: 0 }, following);
    }
    return found;
  }

  #propagate(): void {
    const links: { from: Set<string>; to: Set<string> }[] = [];
    for (const core of this.#cores) {
      core.kernel.forEach((item, index) => {
        for (const entry of this.#closure([{ item, lookaheads: [ANY] }]).values()) {
          const symbol = this.#symbolAt(entry.item);
          if (symbol === undefined || symbol === END) continue;
          const target = this.#cores[core.next.get(symbol)!]!;
          const key = keyOf(advanced(entry.item));
          const to = target.lookaheads[target.kernel.findIndex((other) => keyOf(other) === key)]!;
          for (const token of entry.lookaheads) {
            if (token === ANY) links.push({ from: core.lookaheads[index]!, to });
            else to.add(token);
          }
        }
      });
    }
    for (let changed = true; changed; ) {
      changed = false;
      for (const { from, to } of links) {
        const before = to.size;
        for (const token of from) to.add(token);
        changed ||= to.size > before;
      }
    }
  }

  #state(core: Core): State {
    const isNonterminal = (symbol: string) => this.#first.has(symbol);
    const next = [...core.next];
    const shifts = new Map(next.filter(([symbol]) => !isNonterminal(symbol)));
    const gotos = new Map(next.filter(([symbol]) => isNonterminal(symbol)));
    const reductions = new Map<string, number>();
    const closure = this.#closure(
      core.kernel.map((item, index) => ({ item, lookaheads: core.lookaheads[index]! })),
    );
    const complete = [...closure.values()]
      .filter(({ item }) => this.#symbolAt(item) === undefined && item.production > 0)
      .sort((a, b) => a.item.production - b.item.production);
    for (const { item, lookaheads } of complete) {
      for (const token of lookaheads) {
        if (reductions.has(token)) continue; // Of two reductions the one that is written first.
        if (shifts.has(token) && !this.#isReductionFirst(item.production, token)) continue;
        shifts.delete(token);
        reductions.set(token, item.production);
      }
    }
    const always = mostFrequent(reductions.values());
    for (const [token, production] of reductions) {
      if (production === always) reductions.delete(token);
    }
    return { shifts, gotos, reductions, always };
  }

  /** Without precedence on either side the token is read. */
  #isReductionFirst(production: number, token: string): boolean {
    const tokens = this.#right(production).filter((symbol) => !this.#first.has(symbol));
    const rule = this.#grammar.precedence.get(tokens.at(-1) ?? "");
    const other = this.#grammar.precedence.get(token);
    if (rule === undefined || other === undefined) return false;
    return rule.level > other.level || (rule.level === other.level && rule.side === "left");
  }
}

function keyOf({ production, dot }: Item): string {
  return `${production}.${dot}`;
}

function advanced({ production, dot }: Item): Item {
  return { production, dot: dot + 1 };
}

function groupBy<Key, Value>(
  values: readonly Value[],
  keyOfValue: (value: Value) => Key,
): Map<Key, Value[]> {
  const groups = new Map<Key, Value[]>();
  for (const value of values) {
    const key = keyOfValue(value);
    groups.set(key, [...(groups.get(key) ?? []), value]);
  }
  return groups;
}

function mostFrequent(values: Iterable<number>): number | undefined {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const [best] = [...counts].sort(([, a], [, b]) => b - a);
  return best?.[0];
}
