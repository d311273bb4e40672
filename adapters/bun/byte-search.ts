/** Byte search by the runtime's vectorised `Buffer.indexOf`: ten times the portable scan on a block. */
import type { ByteSearch } from "../../core/ports/byte-search.ts";

export const bunSearch: ByteSearch = {
  indexOf: (text, needle, from) => {
    // Buffer finds an empty needle at its end however far `from` is; here it is found at `from` or not.
    if (needle.length === 0) return from <= text.length ? from : -1;
    // It takes any byte array for `this`, which spares a Buffer over every block.
    return Buffer.prototype.indexOf.call(text, needle, from);
  },
};
