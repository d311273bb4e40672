/** Waits until something holds, as when another process or the network needs a moment. Throws after 20 s. */
export async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited 20 s until ${what}`);
    await Bun.sleep(20);
  }
}
