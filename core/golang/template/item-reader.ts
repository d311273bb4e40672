/** The items of a template from first to last, with as much looking back as the parser needs. */
import { quote } from "../quote.ts";
import { type Item, type ItemKind, isKeyword, lex } from "./lex.ts";
import { TemplateError } from "./template-error.ts";

export class ItemReader {
  /** Index of the next item. A parser that looked too far ahead sets it back. */
  at = 0;
  /** Line of the action in hand, 0 outside. */
  actionLine = 0;
  readonly #name: string;
  readonly #items: readonly Item[];
  /** The furthest item looked at: errors are in its line. */
  #furthest = 0;

  constructor(name: string, text: string) {
    this.#name = name;
    this.#items = lex(text);
  }

  take(): Item {
    // The last item is the end or an error, and stays there however often it is asked for.
    const index = Math.min(this.at, this.#items.length - 1);
    this.#furthest = Math.max(this.#furthest, index);
    this.at += 1;
    return this.#items[index]!;
  }

  peek(): Item {
    const item = this.take();
    this.at -= 1;
    return item;
  }

  takeNonSpace(): Item {
    this.peekNonSpace();
    return this.take();
  }

  peekNonSpace(): Item {
    while (this.peek().kind === "space") this.at += 1;
    return this.peek();
  }

  expect(kind: ItemKind, context: string): Item {
    const item = this.takeNonSpace();
    if (item.kind !== kind) throw this.unexpected(item, context);
    return item;
  }

  unexpected(item: Item, context: string): TemplateError {
    if (item.kind !== "error") return this.error(`unexpected ${print(item)} in ${context}`);
    if (this.actionLine === 0 || this.actionLine === item.line) return this.error(item.text);
    const started = `started at ${this.#name}:${this.actionLine}`;
    const link = item.text.endsWith(" action") ? " " : " in action ";
    return this.error(item.text + link + started);
  }

  /** `template: line:1: …` */
  error(message: string): TemplateError {
    const { line } = this.#items[this.#furthest]!;
    return new TemplateError(`template: ${this.#name}:${line}: ${message}`);
  }
}

function print({ kind, text }: Item): string {
  if (kind === "eof") return "EOF";
  if (isKeyword(kind)) return `<${text}>`;
  const runes = [...text];
  return runes.length > 10 ? `${quote(runes.slice(0, 10).join(""))}...` : quote(text);
}
