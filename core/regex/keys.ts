/** Sets of instructions as keys of a map. */

/** Arguments that a call may have on every runtime. */
const PART = 8192;

/** A text of these units. The keys of states: a text is hashed and compared faster than anything else. */
export function textOfUnits(units: Uint16Array): string {
  let text = "";
  for (let at = 0; at < units.length; at += PART) {
    const part = at === 0 && units.length <= PART ? units : units.subarray(at, at + PART);
    // Spreading would go through an iterator, number by number.
    text += String.fromCharCode.apply(null, part as unknown as number[]);
  }
  return text;
}
