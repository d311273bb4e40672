/** Asks for a secret at the terminal without showing it. */

/** What the keys of a line make, keys as a terminal in raw mode sends them; undefined when the user gave up. */
export class SecretLine {
  #text = "";

  /** The text when this ends the line, "interrupted" when it ends everything, undefined when it goes on. */
  type(keys: string): { readonly text: string } | "interrupted" | undefined {
    for (const key of keys) {
      if (key === "\r" || key === "\n") return { text: this.#text };
      if (key === CTRL_C || key === CTRL_D) return "interrupted";
      if (key === DELETE || key === BACKSPACE) this.#text = [...this.#text].slice(0, -1).join("");
      else if (key === CTRL_U) this.#text = "";
      else if (key >= " ") this.#text += key;
    }
    return undefined;
  }
}

const CTRL_C = "\x03";
const CTRL_D = "\x04";
const BACKSPACE = "\b";
const CTRL_U = "\x15";
const DELETE = "\x7f";

/** Undefined when the user gave up. The question goes to stderr, so that stdout has only what is asked for. */
export async function askSecret(question: string): Promise<string | undefined> {
  const { stdin, stderr } = process;
  const line = new SecretLine();
  const keys = new TextDecoder();
  // Before the question, so that nothing that answers it is shown.
  stdin.setRawMode(true);
  stderr.write(question);
  let hear = (_bytes: Buffer) => {};
  try {
    return await new Promise<string | undefined>((resolve) => {
      hear = (bytes) => {
        const typed = line.type(keys.decode(bytes, { stream: true }));
        if (typed !== undefined) resolve(typed === "interrupted" ? undefined : typed.text);
      };
      stdin.on("data", hear);
      stdin.once("end", () => resolve(undefined));
      stdin.resume();
    });
  } finally {
    stdin.off("data", hear);
    stdin.pause();
    stdin.setRawMode(false);
    stderr.write("\n");
  }
}
