/**
 * Merges the index files of a table into one file for each tenant. Common files hold the series of all
 * tenants, with the tenant as a label; own files are of one tenant, without. Files are added one by one
 * and need not stay: what is kept of them is numbers.
 */
import type { IndexVersion } from "../index/layout.ts";
import { TENANT_LABEL } from "../index/table.ts";
import { BadRequest, Corrupt } from "../model/errors.ts";
import { checkTenant, type Tenant } from "../model/tenant.ts";
import { MergedTenant } from "./merged-tenant.ts";
import { walkFile } from "./series-walk.ts";
import { SymbolNumbers } from "./symbol-numbers.ts";

/** What a file brought: its series, and the chunks that they name. */
export interface AddedFile {
  readonly version: IndexVersion;
  readonly series: number;
  readonly chunks: number;
}

export class IndexMerge {
  readonly #tenants = new Map<Tenant, MergedTenant>();
  readonly #symbols = new SymbolNumbers();

  /** Adds a file of all tenants. Corrupt when a series has none: it would be lost with the file. */
  addCommon(bytes: Uint8Array): void {
    const label = this.#symbols.numberOf(TENANT_LABEL);
    const seen = new Map<number, MergedTenant>();
    this.#add(bytes, (pairs, count) => {
      const at = indexOfName(pairs, count, label);
      if (at < 0) throw new Corrupt("a series of a common file has no tenant");
      const number = pairs[2 * at + 1]!;
      pairs.copyWithin(2 * at, 2 * at + 2, 2 * count);
      let tenant = seen.get(number);
      if (tenant === undefined) {
        seen.set(number, (tenant = this.#tenant(asTenant(this.#symbols.texts[number]!))));
      }
      return { tenant, count: count - 1 };
    });
  }

  /** Adds a file of one tenant. */
  addOwn(bytes: Uint8Array, name: Tenant): AddedFile {
    const tenant = this.#tenant(name);
    return this.#add(bytes, (_, count) => ({ tenant, count }));
  }

  /** What there is of each tenant so far. */
  get tenants(): ReadonlyMap<Tenant, MergedTenant> {
    return this.#tenants;
  }

  forget(tenant: Tenant): void {
    this.#tenants.delete(tenant);
  }

  #tenant(name: Tenant): MergedTenant {
    let tenant = this.#tenants.get(name);
    if (tenant === undefined)
      this.#tenants.set(name, (tenant = new MergedTenant(this.#symbols.texts)));
    return tenant;
  }

  /** `ownerOf` gets the numbers of the pairs of a series, name and value, and may take one out. */
  #add(
    bytes: Uint8Array,
    ownerOf: (pairs: Uint32Array, count: number) => { tenant: MergedTenant; count: number },
  ): AddedFile {
    const { version, symbols, each } = walkFile(bytes);
    const numberOf = this.#symbols.read(symbols, version);
    let pairs = new Uint32Array(64);
    let [series, chunks] = [0, 0];
    each((raw) => {
      if (pairs.length < raw.refs.length) pairs = new Uint32Array(raw.refs.length);
      for (let index = 0; index < 2 * raw.pairs; index++) pairs[index] = numberOf(raw.refs[index]!);
      const { tenant, count } = ownerOf(pairs, raw.pairs);
      tenant.add(raw, pairs, count);
      chunks += raw.count;
      series++;
    });
    return { version, series, chunks };
  }
}

function indexOfName(pairs: Uint32Array, count: number, name: number): number {
  for (let pair = 0; pair < count; pair++) if (pairs[2 * pair] === name) return pair;
  return -1;
}

/** A tenant becomes part of a key, so what a file claims is checked like what a request claims. */
function asTenant(id: string): Tenant {
  try {
    return checkTenant(id);
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    throw new Corrupt(`a series is of tenant ${JSON.stringify(id)}`, { cause: error });
  }
}
